/** What an engineer on call needs to know about a verdict. Plain text; commands stand in back quotes. */
export interface Explanation {
  /** One line: what the verdict says. */
  readonly title: string;
  /** What happened, and why it matters. */
  readonly meaning: string;
  /** Evidence that carries it. */
  readonly proof: readonly string[];
  /** What refutes it, and what is easily taken for it. */
  readonly refutation: readonly string[];
  /** What to do next, the most useful first. */
  readonly action: readonly string[];
  /** What to do where the cause is known, by the causes of the report contract. */
  readonly actionByCause?: Readonly<Record<string, string>>;
}
