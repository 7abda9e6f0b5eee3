/** Every video that exploration may draw. */
export class Catalogue {
  readonly #videos: string[];
  readonly #places: Map<string, number>;

  constructor(videos: Iterable<string>) {
    this.#videos = [...new Set(videos)];
    this.#places = new Map(this.#videos.map((video, place) => [video, place]));
  }

  get size(): number {
    return this.#videos.length;
  }

  get videos(): readonly string[] {
    return this.#videos;
  }

  has(video: string): boolean {
    return this.#places.has(video);
  }

  at(place: number): string {
    return this.#videos[place]!;
  }

  /** Removes a video that turned out to be hidden, so that the probability of the others is the true one. */
  remove(video: string): void {
    const place = this.#places.get(video);
    if (place === undefined) return;
    this.#places.delete(video);
    const last = this.#videos.pop()!;
    if (last === video) return;
    this.#videos[place] = last;
    this.#places.set(last, place);
  }
}
