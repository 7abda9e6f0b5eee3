import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Nat8 "mo:core/Nat8";
import Text "mo:core/Text";
import HttpCertification "../lib/HttpCertification";
import Sha256 "../lib/Sha256";
import Chunks "Chunks";
import StoredFile "StoredFile";

/// All possible responses to HTTP requests, so that they can be certified in advance. Only whole chunks are certified,
/// so the response to a range is the chunk in which it begins; the gateway or the player requests the rest.
module {
  public type File = StoredFile.StoredFile;
  public type Response = HttpCertification.Response;

  /// `#whole` is for files of one chunk, `#firstTwo` for `Range: bytes=0-1`, with which Safari probes a server.
  public type Answer = { #whole; #head; #chunk : Nat; #firstTwo; #unsatisfiable; #notModified };

  /// All possible answers for a file.
  public func all(file : File) : [Answer] {
    let chunks = Array.tabulate<Answer>(file.chunks.size(), func index = #chunk index);
    let whole : [Answer] = if (file.chunks.size() == 1) [#whole] else [];
    // Browsers do not ask again for what never changes: certifying it would make commits of many segments dearer.
    let again : [Answer] = if (isImmutable(file)) [] else [#notModified];
    if (file.size == 0) return again.concat([#whole, #head, #unsatisfiable]);
    let others : [Answer] = [#head, #firstTwo, #unsatisfiable];
    whole.concat(chunks).concat(others).concat(again);
  };

  public func isImmutable(file : File) : Bool = file.cacheControl.contains(#text "immutable");

  /// Whether a client that sends this If-None-Match has the file.
  public func isKnown(file : File, ifNoneMatch : Text) : Bool {
    let tag = etag(file);
    ifNoneMatch.split(#char ',').any(
      func given {
        let trimmed = given.trim(#char ' ');
        trimmed == "*" or trimmed == tag or trimmed == "W/" # tag;
      }
    );
  };

  /// The answer to a request for a file.
  /// @param range the value of the Range header; an invalid one is ignored (RFC 9110, 14.2)
  public func choose(file : File, method : { #get; #head }, range : ?Text) : Answer {
    if (method == #head) return #head;
    let plain : Answer = if (file.chunks.size() == 1) #whole else #chunk 0;
    let ?text = range else return plain;
    let size = file.size.toNat();
    switch (parse(text)) {
      case (#none) plain;
      case (#span(0, ?1)) if (size == 0) #unsatisfiable else if (size == 1) #chunk 0 else #firstTwo;
      case (#span(from, _)) if (from >= size) #unsatisfiable else #chunk(from / file.chunkBytes);
      case (#suffix length) {
        if (size == 0 or length == 0) #unsatisfiable
        else #chunk((size - Nat.min(length, size) : Nat) / file.chunkBytes);
      };
    };
  };

  /// Status and headers of an answer.
  public func response(file : File, answer : Answer) : Response {
    let size = file.size.toNat();
    switch answer {
      case (#whole or #head) ok(file, 200, size, []);
      case (#chunk index) {
        let from = index * file.chunkBytes;
        let length = file.chunks[index].size;
        ok(file, 206, length, [("content-range", contentRange(from, length, size))]);
      };
      case (#firstTwo) {
        let length = Nat.min(2, size);
        ok(file, 206, length, [("content-range", contentRange(0, length, size))]);
      };
      case (#unsatisfiable) {
        let headers = [("content-range", "bytes */" # size.toText()), ("content-length", "0")];
        { status = 416; headers = headers.concat(common) };
      };
      case (#notModified) {
        let headers = [("cache-control", file.cacheControl), ("etag", etag(file))];
        { status = 304; headers = headers.concat(common) };
      };
    };
  };

  /// What a file may also be served as: a file of the same upload beside it, with this ending, holds the compressed bytes.
  /// Best first.
  public let encodings = [{ name = "br"; ending = ".br" }, { name = "gzip"; ending = ".gz" }];

  public type Encoding = { name : Text; ending : Text };

  /// The path of the file whose encoding is at this path.
  public func plainOf(path : Text) : ?Text {
    let ?{ ending } = encodings.find(func({ ending }) = path.endsWith(#text ending)) else return null;
    path.stripEnd(#text ending);
  };

  /// @param compressed the bytes of the file in this encoding
  public func encoded(file : File, encoding : Encoding, compressed : File, answer : Answer) : Response {
    let { contentType; cacheControl } = file;
    let { status; headers } = response({ compressed with contentType; cacheControl; var check = compressed.check }, answer);
    varying({ status; headers = headers.concat([("content-encoding", encoding.name)]) });
  };

  /// Of a file that has encodings: caches keep its responses apart.
  public func varying({ status; headers } : Response) : Response {
    { status; headers = headers.concat([("vary", "accept-encoding")]) };
  };

  /// Whether a client that sends this Accept-Encoding takes the encoding. `*` is not understood: such a client gets plain bytes.
  public func accepts(acceptEncoding : Text, encoding : Encoding) : Bool {
    acceptEncoding.toLower().split(#char ',').any(
      func entry {
        let parts = entry.split(#char ';').map(func part = part.trim(#char ' ')).toArray();
        // "A quality value of 0 means not acceptable." (RFC 9110, 12.4.2)
        let isRefused = parts.any(func part = part.startsWith(#text "q=0") and part.chars().all(func char = not (char >= '1' and char <= '9')));
        parts[0] == encoding.name and not isRefused;
      }
    );
  };

  /// The bytes of an answer.
  public func body(file : File, answer : Answer, store : Chunks.Chunks) : Blob {
    switch answer {
      case (#whole) store.load(file.chunks[0], file.chunkBytes);
      case (#chunk index) store.load(file.chunks[index], file.chunkBytes);
      case (#firstTwo) store.load(file.chunks[0], 2);
      case (#head or #unsatisfiable or #notModified) "";
    };
  };

  /// SHA-256 of the bytes of an answer.
  public func bodySha256(file : File, answer : Answer, store : Chunks.Chunks) : Blob {
    switch answer {
      case (#whole) file.chunks[0].sha256;
      case (#chunk index) file.chunks[index].sha256;
      case _ Sha256.hash(body(file, answer, store));
    };
  };

  public let notFoundBody : Blob = "not found";

  /// The response for every path without a file.
  public func notFound() : Response {
    let length = notFoundBody.size().toText();
    let headers = [("content-type", "text/plain"), ("content-length", length), ("cache-control", "no-cache")];
    { status = 404; headers = headers.concat(common) };
  };

  /// The response to a method other than GET and HEAD, for every path with a file.
  public func notAllowed() : Response {
    { status = 405; headers = [("allow", "GET, HEAD"), ("content-length", "0")].concat(common) };
  };

  /// A page is also served at its folder's path: `/v/<id>/` is `/v/<id>/index.html`. Without the slash, relative links of the
  /// page would not work: so that path leads to the one with it.
  public let pageName = "index.html";

  /// @return null if the file is no page, or is the one of the root, which has no path without a slash
  public func folderOf(path : Text) : ?Text = path.stripEnd(#text ("/" # pageName));

  /// The response at a folder's path without a slash.
  public func redirect(folder : Text) : Response {
    let name = segments(folder);
    let headers = [("location", name[name.size() - 1] # "/"), ("content-length", "0"), ("cache-control", "no-cache")];
    { status = 308; headers = headers.concat(common) };
  };

  public let goneBody : Blob = "gone";

  /// The response for a file that was deleted or taken down. A browser that requests it (a playlist, once its minute in
  /// the cache is over) also clears what it has cached of this site, including segments that would never expire.
  public func gone() : Response {
    let headers = [
      ("content-type", "text/plain"),
      ("content-length", goneBody.size().toText()),
      ("cache-control", "no-store"),
      ("clear-site-data", "\"cache\""),
    ];
    { status = 410; headers = headers.concat(common) };
  };

  /// The decoded segments of a URL's path. Only a final segment may be empty, as in the verifiers.
  public func segments(url : Text) : [Text] {
    let path = switch (url.split(#predicate(func char = char == '?' or char == '#')).next()) {
      case (?path) path;
      case null "";
    };
    let relative = switch (path.stripStart(#char '/')) { case (?rest) rest; case null path };
    let decoded = relative.split(#char '/').map(percentDecoded).toArray();
    let counting = decoded.keys().filter(func index = decoded[index] != "" or index + 1 == decoded.size());
    counting.map(func index = decoded[index]).toArray();
  };

  // Players on other origins read the bytes; no response depends on the caller.
  let common : [HttpCertification.Header] = [
    ("access-control-allow-origin", "*"),
    ("x-content-type-options", "nosniff"),
    HttpCertification.expressionHeader,
  ];

  func ok(file : File, status : Nat16, length : Nat, range : [HttpCertification.Header]) : Response {
    let headers = [
      ("content-type", file.contentType),
      ("content-length", length.toText()),
      ("cache-control", file.cacheControl),
      ("accept-ranges", "bytes"),
      ("etag", etag(file)),
    ];
    { status; headers = headers.concat(range).concat(common) };
  };

  func etag(file : File) : Text = "\"" # hex(file.sha256) # "\"";

  func contentRange(from : Nat, length : Nat, size : Nat) : Text {
    "bytes " # from.toText() # "-" # (from + length - 1 : Nat).toText() # "/" # size.toText();
  };

  /// A single range of bytes; several ranges, or another unit, count as none.
  func parse(text : Text) : { #none; #span : (Nat, ?Nat); #suffix : Nat } {
    let ?spec = text.stripStart(#text "bytes=") else return #none;
    let parts = spec.split(#char '-').toArray();
    if (parts.size() != 2) return #none;
    switch (number(parts[0]), number(parts[1])) {
      case (?from, ?to) if (to < from) #none else #span(from, ?to);
      case (?from, null) if (parts[1] == "") #span(from, null) else #none;
      case (null, ?length) if (parts[0] == "") #suffix length else #none;
      case (null, null) #none;
    };
  };

  /// Only digits, at most as many as a size can have.
  func number(text : Text) : ?Nat {
    if (text.size() > 18 or not text.chars().all(func char = char >= '0' and char <= '9')) null else Nat.fromText(text);
  };

  func hex(bytes : Blob) : Text {
    let digits = "0123456789abcdef".chars().toArray();
    Text.fromIter(
      bytes.values().flatMap(
        func byte = [digits[Nat8.toNat(byte / 16)], digits[Nat8.toNat(byte % 16)]].values()
      )
    );
  };

  /// A segment that cannot be decoded is returned unchanged.
  func percentDecoded(segment : Text) : Text {
    let bytes = segment.encodeUtf8();
    var at = 0;
    func next() : ?Nat8 {
      if (at >= bytes.size()) return null;
      let byte = bytes[at];
      at += 1;
      if (byte != 0x25 or at + 2 > bytes.size()) return ?byte;
      let (?high, ?low) = (hexDigit(bytes[at]), hexDigit(bytes[at + 1])) else return ?byte;
      at += 2;
      ?(high * 16 + low);
    };
    switch (Blob.fromArray({ next }.toArray()).decodeUtf8()) {
      case (?decoded) decoded;
      case null segment;
    };
  };

  func hexDigit(byte : Nat8) : ?Nat8 {
    if (byte >= 0x30 and byte <= 0x39) ?(byte - 0x30) else if (byte >= 0x41 and byte <= 0x46) ?(byte - 0x37)
    else if (byte >= 0x61 and byte <= 0x66) ?(byte - 0x57) else null;
  };
};
