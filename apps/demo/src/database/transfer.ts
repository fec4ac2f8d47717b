/** A transfer of money from one account to another. */
export interface Transfer {
  readonly from: string
  readonly to: string
  readonly amount: number
}
