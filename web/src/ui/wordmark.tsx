// The name, and the sign before it: an open book on a lectern.

export function Sign() {
  return (
    <svg class="sign" viewBox="0 0 32 32" aria-hidden="true">
      <path
        class="page"
        d="M16 8.500C12.700 6.300 8.500 5.700 4 6v13.500c4.500-.3 8.700.3 12 2.500 3.300-2.200 7.500-2.800 12-2.500V6c-4.500-.3-8.700.3-12 2.500Z"
      />
      <path d="M16 8.500V29M10.500 29h11" />
    </svg>
  );
}

export function Wordmark() {
  return (
    <span class="wordmark">
      <Sign />
      Lectern
    </span>
  );
}
