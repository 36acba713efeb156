/** `sidekey help`. */
export const HELP = `sidekey: your app never holds the key. Sidekey holds it, and turns it.

  serve --config FILE [--log-level LEVEL] [--log-format json|text]
                               run the proxy, the rotation and the admin port
  check --config FILE [--online] [--json]
                               validate a configuration and what it refers to
  schema                       JSON Schema of the configuration, for editors
  env --config FILE [--shell|--json]
                               every variable by which common clients find the proxy
  run --config FILE -- CMD…    start a command with them
  ca --config FILE [--bundle] [--out FILE]
                               the local authority's certificate, or all to be trusted
  status                       phases, versions, next rotations
  rotate CREDENTIAL [--emergency] [--dry-run]
  pause | resume | abort | retry CREDENTIAL
  adopt CREDENTIAL SECRET_ID [--secret-file FILE]
  revoke CREDENTIAL SECRET_ID
  secrets list|verify CREDENTIAL   what the provider lists, and whether it works
  secrets revoke CREDENTIAL SECRET_ID
  secrets create CREDENTIAL    a secondary account's first secret
  wait | healthcheck | shutdown
                               for containers: until ready; once; stop
                               all of these: --admin URL --token-file FILE --json
  emulator vonage|okta|twilio  a local provider with accounts of two secrets
  demo [--seconds N] [--json]  the whole idea in a minute
  version, help

Exit codes: 0 done, 1 not reachable or refused, 64 wrong command line, 78 wrong configuration.`
