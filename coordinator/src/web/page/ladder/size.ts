/** Height of a line of the ladder, CSS px: a text and an arrow below it. */
export const LINE_HEIGHT = 30;
