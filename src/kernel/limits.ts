/** Every limit of the data plane and the control plane, with its unit and its reason. Times end in `Ms`, sizes in `Bytes`. */

/** All held bodies together, so that many uploads at once can't exhaust a small pod's memory. */
export const HELD_BODIES_MAX_BYTES = 64 * 1024 * 1024
/** A slow upload must not hold an upstream connection: it is taken after this much of the body, or its end. */
export const BODY_HEAD_START_BYTES = 64 * 1024
/** How much of an answer's body a rule may look into; a larger answer is no auth failure. */
export const DETECT_BODY_MAX_BYTES = 64 * 1024
/** Target, names and values of one request head together; above it the answer is 431. */
export const REQUEST_HEADER_MAX_BYTES = 16 * 1024
/** What may stand between two pieces of a chunked request body: sizes and extensions; above it the answer is 413. */
export const CHUNK_FRAMING_MAX_BYTES = 16 * 1024
/** Fields of one request head; above it the answer is 431. */
export const REQUEST_HEADERS_MAX = 100
/** Length of a request target; above it the answer is 414. */
export const REQUEST_TARGET_MAX_BYTES = 8 * 1024
/** The upstream's head may be larger than ours, but not without end. */
export const UPSTREAM_HEADER_MAX_BYTES = 64 * 1024
/** Nesting of a JSON body that Sidekey writes into; deeper is refused, not recursed into. */
export const JSON_DEPTH_MAX = 512

export const REQUEST_HEADERS_TIMEOUT_MS = 10_000
/** A body whose length is known has to come this fast, on average over `BODY_GRACE_MS`; a slow modem does more. */
export const BODY_MIN_BYTES_PER_SECOND = 500
export const BODY_GRACE_MS = 20_000
/** A body without a length may be a live stream: it may be as slow as it likes, but not silent for longer. */
export const BODY_SILENCE_MS = 300_000
export const CLIENT_IDLE_TIMEOUT_MS = 60_000
/** A connection whose last answer was sent is read on while its client still sends, not for longer where it trickles. */
export const CLIENT_LINGER_MS = 5_000
/** A client that takes not one byte of its answer for this long has left it; nginx's `send_timeout` is the same. */
export const CLIENT_STALL_MS = 60_000
/** While Sidekey stops: a kept connection without a request for this long is closed. */
export const CLIENT_DRAIN_IDLE_MS = 500
/** A listener that was told to close is gone everywhere after this time: several processes may share its socket. */
export const LISTENER_CLOSE_MS = 100
export const CLIENT_CONNECTIONS_MAX = 10_000
export const UPSTREAM_CONNECT_TIMEOUT_MS = 10_000
/** From the last byte of the request to the head of the answer. */
export const UPSTREAM_HEADERS_TIMEOUT_MS = 60_000
/** How long a body that its client holds back waits for the upstream's 100; then it is sent all the same. RFC 9110, 10.1.1. */
export const UPSTREAM_CONTINUE_MS = 1_000
/** Between two pieces of an answer's body. */
export const UPSTREAM_BODY_TIMEOUT_MS = 300_000
/**
 * Shorter than the idle time of common load balancers (60 s), so that a connection is rarely reused while it dies; not much
 * shorter, for an app that calls now and then pays for each new connection, and over TLS for a handshake.
 */
export const UPSTREAM_KEEP_ALIVE_MS = 55_000
/** A connection that was used this recently is taken for a request that can't be sent twice; older ones may be dying. */
export const UPSTREAM_FRESH_MS = 1_000
/** After a connection died at its reuse, requests that can't be sent twice get new connections for this long. */
export const UPSTREAM_DISTRUST_MS = 600_000
/** Connections to one upstream origin, besides those whose clients read slowly; as many as Envoy opens. */
export const UPSTREAM_CONNECTIONS_MAX = 1_024

/** First cooldown of a refused version; it doubles up to the maximum while the version stays refused. */
export const COOLDOWN_FIRST_MS = 10_000
export const COOLDOWN_MAX_MS = 300_000
/**
 * Rest after a refusal while no version is known to be good: it triples with each one, so that two bad versions cost two
 * attempts, two more after a second, and then two per 10 s; a 401 that was not about the secret costs about a second.
 */
export const DOUBT_FIRST_MS = 334
export const DOUBT_MAX_MS = 10_000
/** Requests that are refused with two versions make the rotation look once per this time. */
export const DOUBT_LOOK_MS = 10_000
/** Refusals in a row, by every version tried, after which a version that once worked cools down too. */
export const REFUSALS_IN_A_ROW_MAX = 5
/** How long requests wait for the first one that tries a version, before they go upstream themselves. */
export const TRIAL_WAIT_MS = 1_000
/** A read of a credential's versions that failed is tried again after this time. */
export const VIEW_RETRY_MS = 1_000
/** Refusals lead to one read of a credential's versions per this time: the first at once, the rest at its end. */
export const VIEW_REST_MS = 1_000
/** Replays on top of 10 % of the requests, per second: a storm of refusals must not double the upstream's load. */
export const REPLAY_BURST_PER_SECOND = 10

/** A created secret that its provider still refuses after this time is given up. Field values: 3 to 30 s. */
export const PROPAGATION_MAX_MS = 120_000
/** The absence of an id must last this long before it is believed: a list may be stale. */
export const ABSENCE_PERSIST_MS = 12_000
/** Probes in a row that must succeed before a created version counts as verified. */
export const VERIFY_SUCCESSES = 3
/** Values that may be refused by the provider's rule before the credential is blocked. */
export const CANDIDATES_MAX = 3
/** Abandoned candidates that are remembered, so that a late create can still be attributed. */
export const TOMBSTONES_MAX = 8
/** Generations whose last use by replicas that are gone is kept; a drain is about two, current and previous. */
export const GONE_USES_MAX = 16
export const PROVIDER_CALL_TIMEOUT_MS = 10_000
export const LEASE_TTL_MS = 15_000
/** How often a replica publishes what it holds and what it used. */
export const MEMBER_PUBLISH_MS = 1_000

/** In-flight requests get this long after SIGTERM. */
export const SHUTDOWN_DRAIN_MS = 25_000
export const ADMIN_BODY_MAX_BYTES = 64 * 1024
/** Probes, a scraper, a person and a script: more than this is a mistake or an attack. */
export const ADMIN_CONNECTIONS_MAX = 256
/** Rotations of one credential that operators may ask for in a row; one comes back every `ADMIN_ROTATE_REFILL_MS`. */
export const ADMIN_ROTATE_BURST = 10
export const ADMIN_ROTATE_REFILL_MS = 6_000
/** Answers in flight on the admin port get this long when it closes. */
export const ADMIN_CLOSE_MS = 1_000
export const CONFIG_FILE_MAX_BYTES = 4 * 1024 * 1024
export const SECRET_FILE_MAX_BYTES = 64 * 1024

/** Of the local authority's certificate; it is made anew when a month is left. */
export const AUTHORITY_LIFETIME_MS = 365 * 24 * 3_600_000
export const AUTHORITY_RENEW_BEFORE_MS = 30 * 24 * 3_600_000
/** How often its remaining time is looked at. */
export const AUTHORITY_CHECK_MS = 12 * 3_600_000
/** Of the certificate of an intercepted host; another one is made at half of it. */
export const LEAF_LIFETIME_MS = 24 * 3_600_000
/** Certificates are valid from this long before they were made: clocks of clients may be late. */
export const CERTIFICATE_BACKDATE_MS = 3_600_000
/** Hosts whose certificates are kept; the one that was unused for longest makes room. */
export const LEAVES_MAX = 1_000
/** From the first byte of a TLS connection to the end of its handshake. */
export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000
/** WebSockets, handshakes included, so that they can't take every socket. */
export const WEBSOCKETS_MAX = 1_000
/** A WebSocket in which nothing moved for this long, not even a ping, is closed. */
export const WEBSOCKET_IDLE_MS = 3_600_000
/** Tunnels to hosts that have no route, so that they can't take every socket. */
export const TUNNELS_MAX = 1_000
/** A tunnel in which nothing moved for this long is closed. */
export const TUNNEL_IDLE_MS = 3_600_000

/** Requests at once on one HTTP/2 connection of a client; what is more waits at the client. RFC 9113, section 6.5.2. */
export const HTTP2_STREAMS_MAX = 100
/** Requests at once on all HTTP/2 connections of clients together; further ones are refused unprocessed. */
export const HTTP2_STREAMS_TOTAL_MAX = 10_000
/** Twice what a head may have, so that one that is too large gets an answer rather than a reset. */
export const HTTP2_HEADER_LIST_MAX_BYTES = REQUEST_HEADER_MAX_BYTES * 2
/** Fields of a head that are read at all, for the same reason; pseudo fields count. */
export const HTTP2_HEADER_PAIRS_MAX = 4_000
/** Requests that a client may open and reset at once, and per second after that: each costs a request upstream. */
export const HTTP2_RESETS_BURST = 1_000
export const HTTP2_RESETS_PER_SECOND = 100
/** What one HTTP/2 connection may keep in memory, in MB as Node counts it. */
export const HTTP2_SESSION_MEMORY_MB = 16
/** HTTP/2 connections to one upstream origin; each carries as many requests as the upstream allows. */
export const UPSTREAM_SESSIONS_MAX = 16
/** How much of one answer an HTTP/2 upstream may send unasked: over 50 ms of distance, 10 MB/s. */
export const UPSTREAM_WINDOW_BYTES = 512 * 1024
/** The same for all answers of a connection together. */
export const UPSTREAM_SESSION_WINDOW_BYTES = 8 * 1024 * 1024
/** An HTTP/2 upstream that owes answers and sends nothing for this long is asked whether it is still there. */
export const UPSTREAM_PING_AFTER_MS = 30_000
/** An HTTP/2 upstream that does not answer a ping within this time is gone. */
export const UPSTREAM_PING_TIMEOUT_MS = 10_000
