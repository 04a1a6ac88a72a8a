// What users write, as the server takes it (lib/web/schemas.py).

const CONTROLS = /(?![\t\n\r])\p{Cc}|\p{Cs}/gu;

/**
 * Put a space for each control and each half of a pair. Office's line breaks and the form feeds of a
 * PDF come along with what is pasted: nobody sees them, so nobody could take them out.
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, " ");
}
