/** What a contender is started with. Everything listens on 127.0.0.1. */
export interface Setting {
  /** Where the proxy must listen. */
  readonly port: number
  /** A second free port, for an admin listener. */
  readonly adminPort: number
  /** An empty folder of its own, for configuration files; removed afterwards. */
  readonly directory: string
  readonly upstream: {
    readonly tls: boolean
    readonly port: number
    /** `http://127.0.0.1:PORT`, or `https://localhost:PORT` when it speaks TLS. */
    readonly origin: string
    /** PEM file of the CA that has signed its certificate, for the name `localhost`. */
    readonly caFile: string
  }
  /** Name of the header that carries the secret upstream. */
  readonly header: string
  /** The upstream takes both. */
  readonly secrets: { readonly current: string; readonly previous: string }
  /** Paths to route: `/route-0000/…` to `/route-NNNN/…`, each with a credential of its own. All go to the one upstream. */
  readonly routes: number
  /** Port of an emulated Vonage, where an account rotates beside the load; null: nothing rotates. */
  readonly rotateAt: number | null
}

/** A process that injects the header and passes the rest on. */
export interface Launch {
  readonly command: readonly [string, ...string[]]
  readonly env?: Readonly<Record<string, string>>
}

/**
 * What not every proxy can do: `replay` is sending a refused request again with the other secret, `many-routes` is having
 * a credential per path, for a thousand paths, `rotation` is making new secrets meanwhile.
 */
export type Ability = 'replay' | 'many-routes' | 'rotation'

/**
 * One proxy of the comparison. To add yours, put a file into `contenders/` that exports one of these as `contender`;
 * `contenders/nginx.ts` is an example.
 */
export interface Contender {
  /** One word, for `--only` and the table. */
  readonly name: string
  /** Name and version, such as `nginx 1.22.1`; null when it is not installed here. */
  describe(): string | null
  readonly abilities: readonly Ability[]
  /** Writes what the process needs into `setting.directory`, and says how to start it. */
  launch(setting: Setting): Launch
  /** How often the running process has rotated; asked of those that have the ability. */
  rotations?(setting: Setting): Promise<number>
}
