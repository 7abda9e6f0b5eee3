import { z } from "zod";

/** The fields that ffprobe prints. */
export const ffprobeEntries = [
  "-show_entries",
  [
    "format=start_time",
    "stream=index,codec_type,codec_name,codec_tag_string,nb_frames,width,height,sample_aspect_ratio,pix_fmt,field_order,r_frame_rate," +
      "color_range,color_space,color_transfer,color_primaries,channels,sample_rate,sample_fmt",
    "stream_tags=language",
    "stream_disposition=attached_pic,default",
    "stream_side_data=rotation,displaymatrix,dv_profile,dv_bl_signal_compatibility_id,max_luminance,max_content",
    "packet=stream_index,pts_time,dts_time,duration_time,flags",
  ].join(":"),
  "-of",
  "json",
];

const Seconds = z.coerce.number();
const Ratio = z.string().transform((text) => {
  const [over = Number.NaN, under = 1] = text.split(/[/:]/).map(Number);
  return over / under;
});
/** Null for ffprobe's words for an unknown value. */
const Named = z
  .string()
  .optional()
  .transform((name) => (name === undefined || /^(unknown|reserved|unspecified)$/.test(name) ? null : name));

/** Of a stream: its rotation, Dolby Vision's configuration record, and how bright HDR gets. */
const FfprobeSideData = z.object({
  rotation: z.number().optional(),
  /** Three rows of "offset: a b u", in 16.16 fixed point. */
  displaymatrix: z.string().optional(),
  dv_profile: z.int().optional(),
  dv_bl_signal_compatibility_id: z.int().optional(),
  /** Of the display that it was mastered on, and of its brightest pixel, in cd/m2. */
  max_luminance: Ratio.optional(),
  max_content: z.number().optional(),
});
export type FfprobeSideData = z.infer<typeof FfprobeSideData>;

const FfprobeStream = z.object({
  index: z.int(),
  codec_type: z.string().optional(),
  codec_name: Named,
  /** Four characters, or numbers in brackets. */
  codec_tag_string: z.string().default(""),
  /** As the container counts them; absent where it does not. */
  nb_frames: z.coerce.number().optional().catch(undefined),
  width: z.int().default(0),
  height: z.int().default(0),
  sample_aspect_ratio: Ratio.optional(),
  pix_fmt: Named,
  field_order: z.string().optional(),
  r_frame_rate: Ratio.optional(),
  color_range: z.enum(["tv", "pc"]).nullable().catch(null),
  color_space: Named,
  color_transfer: Named,
  color_primaries: Named,
  channels: z.int().default(0),
  sample_rate: z.coerce.number().default(0),
  sample_fmt: Named,
  tags: z.object({ language: z.string().optional() }).default({}),
  disposition: z
    .object({ attached_pic: z.int(), default: z.int().default(0) })
    .default({ attached_pic: 0, default: 0 }),
  side_data_list: z.array(FfprobeSideData).default([]),
});

const FfprobePacket = z.object({
  stream_index: z.int(),
  pts_time: Seconds.optional(),
  dts_time: Seconds.optional(),
  duration_time: Seconds.default(0),
  flags: z.string().default(""),
});

/** ffprobe's output; odd values become defaults here, so that no other code meets them. */
export const FfprobeReport = z.object({
  format: z.object({ start_time: Seconds.default(0) }).default({ start_time: 0 }),
  streams: z.array(FfprobeStream).default([]),
  packets: z.array(FfprobePacket).default([]),
});
export type FfprobeReport = z.infer<typeof FfprobeReport>;
export type FfprobeStream = z.infer<typeof FfprobeStream>;
