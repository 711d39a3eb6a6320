// One press is one press. A held key repeats itself, and the second click of a double click may meet whatever the first
// has put in its place; neither is meant.

/** Suppresses repeated presses. Returns the function that ends this. */
export function oncePerPress(): () => void {
  let first: EventTarget | null = null
  const key = (event: KeyboardEvent) => {
    const types = event.target instanceof HTMLTextAreaElement
    if (event.repeat && event.key === 'Enter' && !types) event.preventDefault()
  }
  const click = (event: MouseEvent) => {
    if (event.detail < 2) first = event.target
    else if (!alike(first, event.target)) {
      event.preventDefault()
      event.stopPropagation()
    }
  }
  document.addEventListener('keydown', key, true)
  document.addEventListener('click', click, true)
  return () => {
    document.removeEventListener('keydown', key, true)
    document.removeEventListener('click', click, true)
  }
}

/** Whether both clicks met the same control. */
function alike(first: EventTarget | null, second: EventTarget | null): boolean {
  if (!(first instanceof Element) || !(second instanceof Element)) return first === second
  const control = (element: Element) =>
    element.closest('label') ?? element.closest('button, a, input, select, summary') ?? element
  return control(first) === control(second)
}
