import Char "mo:core/Char";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Interface "Interface";

/// Checks what begin_upload declares.
module {
  public let maxChunkBytes = 1_900_000;
  // A commit certifies everything in one message: about 30 of the 40 billion instructions of a message.
  let maxFiles = 4_000;
  let maxChunks = 10_000;
  let maxTextLength = 1_000;

  /// @return the first thing that is wrong, as a sentence
  public func fault(upload : Interface.Upload) : ?Text {
    let { upload_id; files } = upload;
    let chunkBytes = upload.chunk_bytes.toNat();
    if (upload_id == "" or upload_id.size() > maxTextLength) return ?"upload_id must have 1 to 1000 characters";
    if (chunkBytes == 0 or chunkBytes > maxChunkBytes) {
      return ?("chunk_bytes must be 1 to " # maxChunkBytes.toText() # ", not " # chunkBytes.toText());
    };
    if (files.size() > maxFiles) return ?("an upload may have at most " # maxFiles.toText() # " files");
    let paths = Set.empty<Text>();
    var chunks = 0;
    for (file in files.values()) {
      switch (faultOfFile(file, chunkBytes)) {
        case (?reason) return ?(file.path # ": " # reason);
        case null {};
      };
      if (not paths.insert(file.path)) return ?(file.path # ": the path occurs twice");
      chunks += file.chunk_sha256.size();
    };
    if (chunks > maxChunks) ?("an upload may have at most " # maxChunks.toText() # " chunks") else null;
  };

  func faultOfFile(file : Interface.File, chunkBytes : Nat) : ?Text {
    switch (faultOfPath(file.path)) {
      case null {};
      case reason return reason;
    };
    if (not isHeaderValue(file.content_type)) return ?"content_type must be 1 to 1000 printable ASCII characters";
    if (not isHeaderValue(file.cache_control)) return ?"cache_control must be 1 to 1000 printable ASCII characters";
    if (file.sha256.size() != 32) return ?"sha256 must have 32 bytes";
    for (sha256 in file.chunk_sha256.values()) {
      if (sha256.size() != 32) return ?"every chunk_sha256 must have 32 bytes";
    };
    let size = file.size.toNat();
    let expected = Nat.max(1, (size + chunkBytes - 1) / chunkBytes);
    let declared = file.chunk_sha256.size();
    if (declared != expected) {
      return ?(size.toText() # " bytes make " # expected.toText() # " chunks, not " # declared.toText());
    };
    if (expected == 1 and file.chunk_sha256[0] != file.sha256) return ?"the hash of the only chunk differs from the hash of the file";
    null;
  };

  /// Segments need no percent-encoding, so each path has one URL.
  func faultOfPath(path : Text) : ?Text {
    if (path.size() > maxTextLength) return ?"the path is longer than 1000 characters";
    let ?relative = path.stripStart(#char '/') else return ?"the path must begin with /";
    if (relative == "") return ?"the path has an empty segment";
    for (segment in relative.split(#char '/')) {
      if (segment == "") return ?"the path has an empty segment";
      if (segment == "." or segment == "..") return ?"the path must not contain . or .. as a segment";
      if (not segment.chars().all(isUnreserved)) return ?"the path may only contain letters, digits and - . _ ~";
    };
    null;
  };

  // "unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"" (RFC 3986, 2.3)
  func isUnreserved(char : Char) : Bool {
    (char >= 'a' and char <= 'z') or (char >= 'A' and char <= 'Z') or char.isDigit() or
    char == '-' or char == '.' or char == '_' or char == '~';
  };

  func isHeaderValue(text : Text) : Bool {
    text != "" and text.size() <= maxTextLength and text.chars().all(func char = char >= ' ' and char <= '~');
  };
};
