import { tick } from 'svelte'

/** Moves the focus, after a form was refused, to the first field that has to be changed. */
export async function focusFirstInvalid(form: HTMLFormElement | undefined): Promise<void> {
  await tick()
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
}
