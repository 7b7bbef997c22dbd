// Requests that act on so many things at a time, and tell how many remain.

/**
 * Repeat a request until nothing remains, or it does no more; return its last answer with
 * what all of them did.
 *
 * @param {function(): Promise<Object>} act sends it
 * @param {string} done the member of its answers that counts
 */
export async function untilNoneRemains(act, done) {
  let sum = 0;
  for (;;) {
    const told = await act();
    sum += told[done];
    if (!told.remaining || !told[done]) return { ...told, [done]: sum };
  }
}
