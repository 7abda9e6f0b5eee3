/** Pixels of the longer side: enough for a blur. */
const longest = 32;

/** One channel of a thumbhash: its mean, and how far each cosine wave moves it. */
type Channel = { mean: number; waves: { across: number; down: number; height: number }[] };

/**
 * The blurred picture that a thumbhash encodes, as a BMP: every browser shows it, and it needs no compressor.
 * @param hash of an opaque picture, base64; missing bytes count as 0
 * @param size of the original picture, for the aspect ratio
 * @source Evan Wallace, ThumbHash, https://evanw.github.io/thumbhash/
 */
export function thumbhashBitmap(hash: string, size: { width: number; height: number }): Buffer {
  const scale = longest / Math.max(size.width, size.height);
  const [width, height] = [size.width, size.height].map((side) => Math.max(1, Math.round(side * scale))) as [
    number,
    number,
  ];
  const channels = channelsOf(Buffer.from(hash, "base64"));
  return bitmap(width, height, (x, y) => {
    const at = (channel: Channel) => valueAt(channel, (x + 0.5) / width, (y + 0.5) / height);
    const [light, yellowBlue, redGreen] = channels.map(at) as [number, number, number];
    const blue = light - (2 / 3) * yellowBlue;
    const red = (3 * light - blue + redGreen) / 2;
    return [blue, red - redGreen, red];
  });
}

function channelsOf(bytes: Buffer): Channel[] {
  const byte = (index: number) => bytes[index] ?? 0;
  const means = byte(0) | (byte(1) << 8) | (byte(2) << 16);
  const shape = byte(3) | (byte(4) << 8);
  const terms = Math.max(3, shape & 7);
  const [columns, rows] = shape >> 15 ? [7, terms] : [terms, 7];
  let nibble = 0;
  const next = () => ((byte(5 + (nibble >> 1)) >> (4 * (nibble++ & 1))) & 15) / 7.5 - 1;
  const channel = (mean: number, [columns, rows]: readonly [number, number], scale: number): Channel => {
    const waves: Channel["waves"] = [];
    for (let down = 0; down < rows; down++)
      for (let across = down === 0 ? 1 : 0; across * rows < columns * (rows - down); across++)
        waves.push({ across, down, height: next() * scale });
    return { mean, waves };
  };
  // Makes up for rounding, which weakens colours by about a quarter.
  return [
    channel((means & 63) / 63, [columns, rows], ((means >> 18) & 31) / 31),
    channel(((means >> 6) & 63) / 31.5 - 1, [3, 3], (1.25 * ((shape >> 3) & 63)) / 63),
    channel(((means >> 12) & 63) / 31.5 - 1, [3, 3], (1.25 * ((shape >> 9) & 63)) / 63),
  ];
}

const valueAt = ({ mean, waves }: Channel, x: number, y: number): number =>
  waves.reduce(
    (sum, { across, down, height }) =>
      sum + 2 * height * Math.cos(Math.PI * across * x) * Math.cos(Math.PI * down * y),
    mean,
  );

/** @param colour of a pixel from the top left: blue, green, red, 0 to 1 */
function bitmap(width: number, height: number, colour: (x: number, y: number) => number[]): Buffer {
  const row = Math.ceil((3 * width) / 4) * 4;
  const file = Buffer.alloc(54 + row * height);
  file.write("BM");
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  // Negative: rows come from the top.
  file.writeInt32LE(-height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (const [index, value] of colour(x, y).entries())
        file[54 + y * row + 3 * x + index] = Math.round(255 * Math.min(1, Math.max(0, value)));
  return file;
}
