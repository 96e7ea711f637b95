/**
 * Text as a Terraform attribute that means exactly itself: Terraform evaluates `${…}` and `%{…}` in every string, and
 * cdktf escapes nothing. Leaves cdktf's own tokens alone.
 */
export const escapeTemplate = (text: string): string =>
  text.replace(/\$\{(?!TfToken\[)/g, () => "$${").replace(/%\{/g, () => "%%{");
