import { distance } from 'fastest-levenshtein';

/** The known name that a mistyped one probably meant, if any is near. Celery's snake_case counts as the same name. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.replaceAll('_', '').toLowerCase().slice(0, 100);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(wanted, candidate.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  return best;
}
