/**
 * Bytes of the largest chunk of a storage canister, and of what one message to a canister carries: the platform's limit is
 * 2 MiB with the Candid around it. `maxChunkBytes` of canisters/storage/Declaration.mo; a test compares the two.
 */
export const maxChunkBytes = 1_900_000;
