/** The attributes that a field gives its control, so that label, hint and error belong to it. */
export interface ControlAttributes {
  id: string
  'aria-describedby': string | undefined
  'aria-invalid': 'true' | undefined
}
