import type { Client } from './client.ts'
import { API_CLIENTS } from './clients-apis.ts'
import { HTTP_CLIENTS } from './clients-http.ts'
import { VONAGE_CLIENTS } from './clients-vonage.ts'

/** Every client, in the order of the tables. */
export const CLIENTS: readonly Client[] = [...VONAGE_CLIENTS, ...API_CLIENTS, ...HTTP_CLIENTS]
