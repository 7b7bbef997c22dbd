// Requests that act on so many things at a time, and tell how many remain.

/**
 * Repeat a request until as many are done as were asked about, nothing remains, or it does
 * no more; return its last answer with what all of them did.
 *
 * @param {function(): Promise<Object>} act sends it
 * @param {string} done the member of its answers that counts
 * @param {number} most that were agreed to: a repeat would reach what came later, too
 */
export async function untilDone(act, done, most) {
  let sum = 0;
  for (;;) {
    const told = await act();
    sum += told[done];
    if (sum >= most || !told.remaining || !told[done]) return { ...told, [done]: sum };
  }
}
