/** Something the person at the terminal can put right: the message says how. */
export class Mistake extends Error {}

/** Nobody answered, or nobody who knows: the same question may be answered later. */
export class Unanswered extends Mistake {}
