/** What a rendition can be encoded with; H.264 first, which every screen plays. */
export const codecs = ["h264", "hevc", "av1"] as const;
export type Codec = (typeof codecs)[number];
