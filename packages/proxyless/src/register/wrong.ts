// What is wrong with a setting: a sentence for whoever wrote it, with the place where it stands in front.
export class Wrong extends Error {}
