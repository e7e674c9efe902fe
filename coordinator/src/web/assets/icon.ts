/** Two taps and the path between them. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f5fbf"/><path d="M9 7v18M23 7v18" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/><path d="M9 11h8m6 9h-9" stroke="#fff" stroke-width="2.2" stroke-linecap="round"/><path d="m16 8 3 3-3 3M15 17l-3 3 3 3" fill="none" stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg>
`;
