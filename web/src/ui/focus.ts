import { tick } from 'svelte'

/** After a form was refused: takes the person to the first field that has to be changed. */
export async function focusFirstInvalid(form: HTMLFormElement | undefined): Promise<void> {
  await tick()
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
