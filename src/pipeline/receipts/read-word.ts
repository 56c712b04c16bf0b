/** Those of the carriers: https://help.twilio.com/articles/223134027 */
const STOP: readonly string[] = ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT'];
const START: readonly string[] = ['START', 'UNSTOP', 'YES'];

/**
 * What a text asks for when it is nothing but that one word, in any case, with any marks around it. `please stop` is no
 * STOP, as with the carriers: a sentence is somebody's answer to a person. `Opt-out` and `stop all` are words in two parts;
 * no such leave for a word that lets texts in again.
 */
export function readWord(text: string): 'stop' | 'start' | undefined {
  const word = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  if (STOP.includes(word.replace(/[\s-]+/g, ''))) return 'stop';
  return START.includes(word) ? 'start' : undefined;
}
