/**
 * The versions that may go: all but the newest `keep`, those that are in use, and the parents of what stays.
 * @param versions oldest first
 * @param inUse the active one, and the one that a rollback would go to
 */
export function garbage(
  versions: readonly { version: string; parent: string | null }[],
  inUse: readonly string[],
  keep: number,
): string[] {
  const kept = new Set(inUse);
  for (const { version } of versions.slice(Math.max(0, versions.length - keep))) kept.add(version);
  // A parent is older than its children, so one way through finds the parents of parents, too.
  for (const { version, parent } of versions.toReversed())
    if (kept.has(version) && parent !== null) kept.add(parent);
  return versions.flatMap(({ version }) => (kept.has(version) ? [] : [version]));
}
