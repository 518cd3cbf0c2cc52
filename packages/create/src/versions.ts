/** The versions of this repository that a scaffolded package starts with. */
export const versions: Readonly<Record<string, string>> = {
  '@pool/core': '0.1.0',
  '@pool/message': '0.1.0',
  '@pool/testkit': '0.1.0',
  '@pool/transport': '0.1.0',
};
