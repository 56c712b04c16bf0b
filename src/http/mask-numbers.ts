import { maskPhone } from '../alert/phone.ts';

/** Masks whatever could be a phone number in words that go to a log: seven digits or more, however they are grouped. */
export function maskNumbers(text: string): string {
  return text.replace(/\+?\d(?:[ ().-]{0,2}\d){6,}/g, (number) => maskPhone(`+${number.replace(/\D/g, '')}`));
}
