/** The environment variable a pipeline variable or input becomes: dots and blanks are underscores, letters upper case. */
export function environmentName(name: string, preserveCase = false): string {
  const formatted = name.replaceAll(/[. ]/g, '_');
  return preserveCase ? formatted : formatted.toUpperCase();
}
