import { clientErrors, type ErrorEntry } from "@kiln/client/client-errors";
import { z } from "zod";

/** Why a video is refused. `advice` is for its sender, as one sentence of the message. */
export const rejections = {
  CORRUPT: { final: true, advice: "the file is damaged: most of it cannot be decoded" },
  DISK_FULL: { final: false, advice: "this host is out of disk space: free some, then try again" },
  EMPTY_FILE: { final: true, advice: "the file is empty: upload it again" },
  ENCRYPTED: { final: true, advice: "the file is encrypted: upload it without copy protection" },
  FILE_NOT_FOUND: { final: true, advice: "there is no such file, or it may not be read: check the path" },
  FORBIDDEN_CONTAINER: {
    final: true,
    advice: "the file only names other files: upload the video itself",
  },
  NO_FRAMES: { final: true, advice: "the file declares a video stream but holds no frame of it" },
  NO_VIDEO_STREAM: { final: true, advice: "the file has no video stream" },
  NOT_A_FILE: { final: true, advice: "this is not a regular file: name one video file" },
  NOT_A_VIDEO: { final: true, advice: "the file is not a video in a format that Kiln reads" },
  TOO_FAST: { final: true, advice: "the video has more frames a second than this service takes" },
  TOO_LARGE: { final: true, advice: "the video is larger than this service takes" },
  TOO_LONG: { final: true, advice: "the video is longer than this service takes" },
  TOO_MANY_STREAMS: { final: true, advice: "the file has more streams than this service takes" },
  TOO_SHORT: { final: true, advice: "the video is shorter than this service takes" },
  TRUNCATED: { final: true, advice: "the file ends early: upload it again" },
  UNSUPPORTED_CODEC: {
    final: true,
    advice: "the video's codec cannot be decoded here: convert it to H.264",
  },
} as const satisfies Record<string, ErrorEntry>;
export type RejectionCode = keyof typeof rejections;

/** Why a GPU failed: a lower encode path does its work. */
export const gpuErrors = {
  CUDA_LIBRARY_MISSING: {
    final: false,
    advice:
      "NVIDIA's libraries are not there: install the driver, in a container with NVIDIA_DRIVER_CAPABILITIES=video,compute,utility",
  },
  DRIVER_TOO_OLD: { final: false, advice: "the driver is older than this ffmpeg needs: upgrade it" },
  GPU_LOST: { final: false, advice: "the GPU does not respond: check dmesg and nvidia-smi" },
  GPU_OUT_OF_MEMORY: { final: false, advice: "the GPU's memory is full" },
  NOT_IN_THIS_FFMPEG: {
    final: false,
    advice: "this ffmpeg was built without it: install one that has it",
  },
  NO_NVENC_DEVICE: { final: false, advice: "this GPU has no NVENC for this codec" },
  NVDEC_UNSUPPORTED: { final: false, advice: "the GPU does not decode this kind of video" },
  SESSION_LIMIT: { final: false, advice: "the driver allows no more encoder sessions at a time" },
} as const satisfies Record<string, ErrorEntry>;
export type GpuErrorCode = keyof typeof gpuErrors;

/** Every code of Kiln, also those of @kiln/client; docs/reference/errors.md is made of it. */
export const errors = {
  ...clientErrors,
  ...rejections,
  ...gpuErrors,

  // Encoding a video
  ANALYSIS_FAILED: {
    final: false,
    advice:
      "the video stays unpublished until it has been judged: try again; KILN_MODERATION=off publishes without a verdict",
  },
  ANALYSIS_LIMIT: {
    final: false,
    advice:
      "judging the content takes more time or memory than it may: raise KILN_ANALYSIS_SECONDS or KILN_ANALYSIS_MEMORY_BYTES",
  },
  CAPTIONS_INVALID: {
    final: true,
    advice: "give captions as LANGUAGE=FILE, a WebVTT or SRT file in UTF-8 with a language such as en",
  },
  ENCODER_MISSING: {
    final: true,
    advice: "ffmpeg cannot encode H.264: install one with libx264 or NVENC; kiln doctor shows what works",
  },
  ENCODE_FAILED: { final: false, advice: "the last lines of ffmpeg's log say why" },
  ENCODE_STALLED: { final: false, advice: "ffmpeg made no progress: check the host's load and its disks" },
  ENCODE_TOO_SLOW: { final: false, advice: "raise KILN_ENCODE_SECONDS, or lower KILN_LADDER" },
  PROBE_LIMIT: {
    final: false,
    advice:
      "reading the video takes more time or memory than it may: if the video is harmless, raise KILN_PROBE_SECONDS or KILN_PROBE_MEMORY_BYTES",
  },
  READER_DIED: { final: false, advice: "the process that read the video crashed on it" },
  FFMPEG_MISSING: {
    final: false,
    advice: "install ffmpeg, or name its programs in KILN_FFMPEG and KILN_FFPROBE",
  },
  GPU_STATE_UNUSABLE: { final: false, advice: "set KILN_GPU_STATE to a folder that can be written" },
  INTERRUPTED: { final: true, advice: "start again: nothing was written" },
  NO_MANIFEST: {
    final: true,
    advice:
      "the folder holds no whole product: transcode the video again (kiln videos retry ID --from transcode)",
  },
  NO_SUCH_GPU: { final: true, advice: "set KILN_GPU to auto or to one of the GPUs that kiln doctor lists" },
  OUTPUT_INVALID: { final: false, advice: "the output did not pass verification: encode it again" },
  OUTPUT_TOO_LARGE: { final: false, advice: "ffmpeg wrote more than its plan allows: encode it again" },
  OUT_NOT_EMPTY: { final: true, advice: "name a new or empty folder" },
  OUT_NOT_WRITABLE: { final: true, advice: "name a folder that can be written with --out" },
  OUT_OF_MEMORY: { final: false, advice: "raise KILN_ENCODE_MEMORY_BYTES, or lower KILN_MAX_PIXELS" },
  PACKAGE_FAILED: {
    final: false,
    advice: "the encoder's output cannot be cut into segments: encode it again",
  },
  PARTS_DIFFER: { final: true, advice: "set KILN_PARTS_ABOVE=0, so that the video is encoded in one piece" },
  PART_INCOMPLETE: { final: true, advice: "frames are missing from a part of the video: report the video" },
  PICTURES_FAILED: { final: false, advice: "the encode left no frame for a poster: encode it again" },
  SEGMENT_TOO_LARGE: {
    final: true,
    advice: "lower KILN_LADDER, so that a segment fits into a canister chunk",
  },

  // Queues, workers, moderation
  BANNED_DUE_TO_REPORTS: { final: true, advice: "a moderator banned the video because viewers reported it" },
  BANNED_FOR_EXPLICITNESS: { final: true, advice: "a moderator banned the video as explicit" },
  EXPLICIT: { final: true, advice: "the video was judged explicit: a moderator can lift the ban" },
  MODERATION_OFF: { final: true, advice: "leave KILN_MODERATION out, so that videos are judged" },
  MODERATION_REFUSED: {
    final: true,
    advice: "the video was rejected or deleted: there is nothing to decide",
  },
  NOT_MODERATED: { final: true, advice: "transcode the video again, or publish with KILN_MODERATION=off" },
  POST_DIFFERS: { final: true, advice: "the video was enqueued for another post: give the same --post" },
  POST_INVALID: {
    final: true,
    advice: "give --post as the author's principal, a slash and the post's number",
  },
  REASON_NEEDED: { final: true, advice: "give the reason with --reason, in 1 to 1000 characters" },
  REDIS_FAILED: { final: false, advice: "redis-server ended: its last lines say why" },
  REDIS_MISSING: { final: true, advice: "install redis-server (apt install redis-server)" },
  REDIS_UNREACHABLE: { final: false, advice: "start redis-server, or set KILN_REDIS_URL" },
  SOURCE_CHANGED: { final: true, advice: "the file changed after it was enqueued: enqueue it again" },
  SOURCE_UNREADABLE: { final: true, advice: "enqueue the file again from a path that every worker can read" },
  TASK_LOST: {
    final: false,
    advice: "the child process of a task ended without an answer: the log says why",
  },
  TITLE_INVALID: { final: true, advice: "give a --title of 1 to 200 characters" },
  TOO_EARLY: { final: false, advice: "decide when the video has been judged" },
  VIDEO_BANNED: { final: true, advice: "the video is too explicit to be published (KILN_BAN_SCORE)" },
  VIDEO_NOT_NAMED: { final: true, advice: "name the videos by their ids" },
  BLOBS_DIFFERENT: {
    final: false,
    advice:
      "point KILN_BLOBS to the folder that all hosts share; kiln worker --use-blobs has all hosts use this one instead",
  },
  BLOBS_MISSING: {
    final: false,
    advice:
      "mount the disk that KILN_BLOBS is on; kiln worker --use-blobs starts with an empty store instead",
  },
  ORIGINAL_MISSING: {
    final: true,
    advice:
      "the blob store no longer has the video's original: kiln videos retry ID --from ingest reads its source again",
  },
  EVENTS_WAITING: {
    final: false,
    advice: "run kiln events compact, which moves events from Redis into the lake; then send them again",
  },
  NOT_READY: { final: false, advice: "mend what the message lists", status: 503 },
  RECORD_NEWER: { final: false, advice: "upgrade this host: a newer version of Kiln shares the pool" },
  RECORD_UNREADABLE: {
    final: true,
    advice:
      "the record in Redis (kiln:video:<id>) was damaged: restore it, or remove it and enqueue the video again",
  },
  VIDEO_UNKNOWN: { final: true, advice: "there is no such video: check its id" },
  WORKERS_LOST: { final: true, advice: "the workers died too often on this job: enqueue it again" },
  ALREADY_UP: { final: true, advice: "use the one that runs, stop it, or set another KILN_HOME" },
  API_FAILED: { final: true, advice: "the API's own messages say why it ended" },
  WORKER_FAILED: { final: true, advice: "the worker's own messages say why it ended" },
  WORKER_UNKNOWN: { final: true, advice: "take the name from kiln workers list" },
  WORKER_NOT_READY: { final: true, advice: "bring what the message lists, then start the worker again" },

  // Identities and the network
  BUCKET_UNKNOWN: {
    final: true,
    advice: "add the storage canister that holds the video to the directory, or to KILN_STORAGE_CANISTER",
  },
  CANISTER_UNKNOWN: { final: true, advice: "run kiln deploy, which enters the canisters into the directory" },
  DEPLOYMENT_INVALID: { final: true, advice: "correct the file or delete it, as the message says" },
  IDENTITY_EXISTS: { final: true, advice: "name another file: a key is never replaced" },
  IDENTITY_EXPOSED: { final: true, advice: "chmod 600 the identity file" },
  IDENTITY_INVALID: { final: true, advice: "use an Ed25519 or secp256k1 key in PEM form without a password" },
  IDENTITY_NOT_FOUND: { final: true, advice: "name a PEM file with --identity or KILN_IDENTITY" },
  NETWORK_UNKNOWN: {
    final: true,
    advice: "start a network with kiln localnet, or name one by the settings in the message",
  },
  ROOT_KEY_INVALID: { final: true, advice: "give the root key in hexadecimal or as a DER file of 133 bytes" },
  ROOT_KEY_UNKNOWN: { final: true, advice: "give the host's root key with --root-key or KILN_IC_ROOT_KEY" },
  SUBNET_UNKNOWN: { final: true, advice: "name a subnet of this network" },

  // Uploading and publishing
  CHUNK_MISMATCH: {
    final: true,
    advice: "a chunk does not have the declared SHA-256: start the upload again",
  },
  ENTRY_INVALID: { final: true, advice: "the content index refuses the entry: the message says why" },
  FILE_CHANGED: { final: false, advice: "the file changed during its upload: start again" },
  FILE_MISMATCH: { final: true, advice: "a file does not have the declared SHA-256: start the upload again" },
  FILE_UNREADABLE: { final: true, advice: "make the file readable, then start again" },
  OUT_OF_SPACE: {
    final: false,
    advice: "add a storage canister (kiln canisters add-bucket), or delete videos",
  },
  POST_REFUSES: { final: true, advice: "the user canister refuses the status: the message says why" },
  POST_UNKNOWN: { final: true, advice: "the author has no such post: check --post" },
  PUBLICATION_INVALID: {
    final: true,
    advice: "correct the title, the owner or the id that the message names",
  },
  PUSH_INVALID: { final: true, advice: "the content index refuses the push: the message says why" },
  QUOTA_EXCEEDED: {
    final: false,
    advice: "publish into another storage canister, or have an admin raise the limit",
  },
  STALE_ATTEMPT: { final: true, advice: "a newer attempt has taken over: nothing is left to do" },
  UPLOAD_INCOMPLETE: { final: false, advice: "start the upload again: what has arrived is kept" },
  UPLOAD_INVALID: { final: true, advice: "the storage canister refuses the upload: the message says why" },
  UPLOAD_NOT_FOUND: { final: false, advice: "the storage canister has dropped the upload: start it again" },
  UPLOAD_TAKEN_DOWN: { final: true, advice: "the video was taken down: it is not published again" },
  USER_INDEX_UNKNOWN: { final: true, advice: "set KILN_USER_INDEX_CANISTER" },
  VIDEO_NOT_FOUND: { final: true, advice: "the content index has no such video: publish it first" },
  VIDEO_TAKEN_DOWN: { final: true, advice: "the video was taken down: it is not published again" },

  // Deployment and recovery
  AFTER_DAYS_INVALID: { final: true, advice: "give --after-days as a number of days, 0 for never" },
  BACKUP_REFUSES: { final: true, advice: "the data_backup canister refuses: the message says why" },
  BUDGET_EXCEEDED: { final: true, advice: "raise --budget, or bring cycles to the account of the identity" },
  COPY_BEHIND: { final: false, advice: "the backup is catching up: try again in a minute" },
  COPY_DIFFERS: { final: false, advice: "the user's data changed while they were compared: try again" },
  COPY_NOT_FOUND: { final: true, advice: "the backup holds no copy of this user" },
  CYCLES_REFUSED: { final: true, advice: "the cycles ledger refuses: the message says why" },
  DESTINATION_UNKNOWN: { final: true, advice: "give --out FOLDER, or --wasm FILE for one canister" },
  FOLDER_NOT_EMPTY: { final: true, advice: "name another folder" },
  MODULES_INVALID: {
    final: true,
    advice: "make the folder of modules with kiln canisters build --out FOLDER",
  },
  NOT_CONFIRMED: { final: true, advice: "pass --yes when the command runs without a terminal" },
  NOT_DEPLOYED: { final: true, advice: "run kiln deploy: canisters are missing" },
  ROLE_INVALID: { final: true, advice: "global_configuration refuses the role: the message says why" },
  ROLLOUT_PAUSED: {
    final: true,
    advice:
      "some user canisters were not upgraded and are as they were: correct the cause, then deploy again",
  },
  SCOPE_UNKNOWN: { final: true, advice: "name the user, the canister, or --everything" },
  SNAPSHOT_CHANGED: { final: true, advice: "the snapshot changed during its download: download it again" },
  SNAPSHOT_INVALID: { final: true, advice: "the folder holds no whole snapshot: download it again" },
  SNAPSHOT_UNKNOWN: {
    final: true,
    advice: "give a snapshot's id in hexadecimal, as kiln canisters lists it",
  },
  UPGRADE_INCOMPATIBLE: {
    final: true,
    advice: "the new code needs a migration function (CONTRIBUTING.md): nothing was changed",
  },
  UPGRADE_ROLLED_BACK: { final: true, advice: "the canister is as it was: correct what the message names" },
  USER_CANISTER_REFUSES: { final: true, advice: "the user canister refuses: the message says why" },
  USER_INDEX_REFUSES: { final: true, advice: "the user_index canister refuses: the message says why" },

  // Events
  FILE_NOT_UTF8: { final: true, advice: "save the file as UTF-8" },
  EVENTS_INVALID: { final: true, advice: "correct the lines that the message lists: nothing was imported" },
  EVENT_FILE_INVALID: { final: true, advice: "correct the file as the message says" },
  EVENT_FORMAT_UNKNOWN: { final: true, advice: "use a file name that ends in one of the known formats" },
  EVENT_STREAM_INVALID: { final: true, advice: "remove the entry from the Redis stream with XDEL" },
  FOLDER_NOT_FOUND: { final: true, advice: "make the folder, or name another" },
  LAKE_EMPTY: { final: true, advice: "import some events of these days, or compact" },
  LAKE_IN_USE: { final: false, advice: "another process writes into the lake: wait until it is done" },

  // Data, models, training
  ACTIVATION_INVALID: { final: true, advice: "remove the file, then kiln models promote a version" },
  CATALOGUE_TOO_LARGE: { final: true, advice: "leave the model ease out" },
  CHECKPOINT_FAILED: {
    final: false,
    advice: "make the folder of the checkpoint writable, or free some space",
  },
  CHECKPOINT_OF_ANOTHER: { final: true, advice: "remove the checkpoint, or leave out --resume" },
  CONTENT_INVALID: {
    final: true,
    advice: "make the file again with kiln features, or train with this content",
  },
  DATASET_EMPTY: { final: true, advice: "give a file or a lake that has interactions" },
  DATASET_TOO_SMALL: { final: true, advice: "give more interactions" },
  DRAFT_EMPTY: { final: true, advice: "train a model first (kiln train)" },
  ENGINE_ABSENT: { final: true, advice: "choose another --engine; kiln doctor shows what each one needs" },
  ENGINE_ACTIVE: { final: true, advice: "use another engine in another process" },
  ENGINE_FAILED: { final: false, advice: "go on from the last checkpoint with --resume" },
  ENGINE_INSTALL_FAILED: { final: false, advice: "the last lines of the message say why: then try again" },
  ENGINE_TOOLS_MISSING: { final: false, advice: "install the packages that the message names" },
  ENGINE_UNSUPPORTED: { final: true, advice: "use --engine webgpu or wasm" },
  GATE_REFUSED: { final: true, advice: "train a better version, or promote this one with --force" },
  IMPRESSIONS_MISSING: { final: true, advice: "log more impressions, or choose an earlier cut" },
  INTERACTIONS_INVALID: { final: true, advice: "correct the line that the message names" },
  LOSS_NOT_A_NUMBER: { final: true, advice: "lower learningRate: the active model stays" },
  MODEL_CORRUPT: { final: true, advice: "the model's files are damaged: train it again, or roll back" },
  MODEL_NEEDS_TIMES: { final: true, advice: "these interactions have no times: leave the model out" },
  MODEL_NOT_A_NETWORK: { final: true, advice: "leave out --from: the model has no weights to go on from" },
  MODEL_NOT_FOUND: { final: true, advice: "train a model, or name another folder" },
  MODEL_NOT_WRITTEN: { final: false, advice: "free some space and train again: the active model stays" },
  MODEL_SCORES_INVALID: { final: true, advice: "a score is not a number: train the model again" },
  NOTHING_TO_ROLL_BACK: { final: true, advice: "no other version has served before: promote one" },
  NO_ACTIVE_VERSION: { final: true, advice: "promote a version (kiln models promote)" },
  OFF_POLICY_NEEDS_LAKE: {
    final: true,
    advice: "use --off-policy with --split time, without --interactions",
  },
  OUT_NOT_GIVEN: { final: true, advice: "name a file with --out, or set KILN_CONTENT" },
  RANKER_NEEDS_LAKE: { final: true, advice: "leave out --interactions" },
  REGISTRY_FULL: { final: false, advice: "free some space with kiln models gc" },
  REPORT_INVALID: { final: true, advice: "train the model again (kiln train)" },
  SPLIT_NEEDS_TIMES: {
    final: true,
    advice: "these interactions have no times: use the leave-last-out split",
  },
  STEP_INPUT_INVALID: { final: true, advice: "a fault in Kiln: report it with the message" },
  STEP_NOT_COMPILED: { final: true, advice: "training goes on, operation by operation; report the message" },
  TRAINING_DIED: { final: false, advice: "go on with --resume, or choose another --engine" },
  TRAINING_INVALID: { final: true, advice: "the queue holds a job of another version: add it again" },
  TRAINING_UNDER_WAY: { final: true, advice: "wait for the other training, or name another --out" },
  TRAINING_UNKNOWN: { final: true, advice: "add the training again with kiln train --queue" },
  VERSION_DAMAGED: { final: true, advice: "go back to another version with kiln models rollback" },
  VERSION_INVALID: { final: true, advice: "remove the version's folder" },
  VERSION_UNKNOWN: { final: true, advice: "name a version that kiln models list shows" },

  // The API
  FEED_BUSY: {
    final: false,
    advice: "try again: other feeds of this viewer are being made at the same time",
    status: 503,
  },
  METHOD_NOT_ALLOWED: {
    final: true,
    advice: "use a method that the header Allow names",
    status: 405,
  },
  NOT_FOUND: { final: true, advice: "GET /openapi.json describes every route", status: 404 },
  PORT_REFUSED: { final: true, advice: "choose another port or address with the settings in the message" },
  PORT_TAKEN: { final: false, advice: "stop the program that uses the port, or choose another" },
  REQUEST_INVALID: { final: true, advice: "correct the fields that the message names", status: 400 },
  TOKEN_INVALID: { final: true, advice: "send the token as Authorization: Bearer", status: 401 },
  TOKEN_NEEDED: {
    final: true,
    advice: "set KILN_API_TOKEN, or serve this machine alone with KILN_API_HOST=127.0.0.1",
    status: 403,
  },

  // Anywhere
  BAD_RUNS: { final: true, advice: "give --runs as a whole number from 1 on" },
  BAD_VIDEOS: { final: true, advice: "give --videos as a whole number from 1000 on" },
  NO_FAST_TESTS: { final: true, advice: "leave --fast out" },
  NO_MEDIA: { final: true, advice: "set KILN_TEST_MEDIA to the folder of test videos" },
  SETTING_INVALID: { final: true, advice: "correct the setting: docs/reference/settings.md lists them all" },
  UNEXPECTED: {
    final: false,
    advice: "a fault in Kiln or its host: KILN_DEBUG=1 shows where, the log says more",
    status: 500,
  },
} as const satisfies Record<string, ErrorEntry>;
export type ErrorCode = keyof typeof errors;

/** For codes that come from another process. */
export const ErrorCode = z.enum(Object.keys(errors) as ErrorCode[]);

/** What is known of a code. */
export const errorEntry = (code: ErrorCode): ErrorEntry => errors[code];
