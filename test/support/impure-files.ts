export const IMPURE_FILES: Readonly<Record<string, string>> = {};
