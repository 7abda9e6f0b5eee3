import Array "mo:core/Array";
import Base64 "mo:core/Base64";
import Blob "mo:core/Blob";
import Map "mo:core/Map";
import Nat16 "mo:core/Nat16";
import Nat8 "mo:core/Nat8";
import Text "mo:core/Text";
import Cbor "Cbor";
import HashTree "HashTree";
import Sha256 "Sha256";

/// Response certification, version 2: what a gateway verifies before it passes a response on.
/// One expression for all responses: the request is not certified, every header of the response is.
/// @source IC interface specification, "HTTP Gateway Protocol", "Response Verification"
module {
  public type Header = (Text, Text);
  public type Response = { status : Nat16; headers : [Header] };

  /// Where a response may be served: for one URL path, or for all paths without a response of their own.
  public type ExpressionPath = { #exact : [Text]; #any };

  /// SHA-256 of texts already hashed: header names and most values are the same in many responses.
  public type Memo = Map.Map<Text, Blob>;

  /// Every certified response carries this header.
  public let expressionHeader : Header = (
    "ic-certificateexpression",
    "default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{},response_certification:ResponseCertification{response_header_exclusions:ResponseHeaderList{headers:[]}}}})",
  );

  /// Where the tree holds all responses for an expression path.
  public func place(path : ExpressionPath) : HashTree.Path = labels(path).map(Text.encodeUtf8);

  /// Where the tree holds one response. The empty label stands for the uncertified request.
  /// @param responseHash of `responseHash`
  public func leaf(path : ExpressionPath, responseHash : Blob) : HashTree.Path {
    let expressionHash = Sha256.hash(expressionHeader.1.encodeUtf8());
    place(path).concat<Blob>([expressionHash, "", responseHash]);
  };

  /// The hash of one response in the tree, 32 bytes.
  /// @param response all its headers except the certificate, names in lower case
  public func responseHash(memo : Memo, response : Response, bodySha256 : Blob) : Blob {
    func hashed(text : Text) : Blob {
      let ?known = memo.get(text) else {
        let computed = Sha256.hash(text.encodeUtf8());
        memo.add(text, computed);
        return computed;
      };
      known;
    };
    let status = (hashed(":ic-cert-status"), Sha256.hash(leb128(response.status)));
    let pairs = response.headers.map(func((name, value)) = (hashed(name), hashed(value))).concat([status]);
    // "the concatenations are sorted": by the hash of the name, which is unique among our headers.
    let sorted = pairs.sort(func(a, b) = Blob.compare(a.0, b.0));
    Sha256.hashParts([Sha256.hashParts(sorted.flatMap(func((name, value)) = [name, value].values())), bodySha256]);
  };

  /// The header that proves a response.
  /// @param certificate certifies this canister's data: the root hash of the tree
  public func certificateHeader(certificate : Blob, witness : Blob, path : ExpressionPath) : Header {
    let parts = [
      "certificate=:" # Base64.encode(certificate) # ":",
      "tree=:" # Base64.encode(witness) # ":",
      "version=2",
      "expr_path=:" # Base64.encode(Cbor.texts(labels(path))) # ":",
    ];
    ("ic-certificate", parts.values().join(", "));
  };

  /// The places that a witness for an unknown URL path must prove to be empty: its own, and every narrower wildcard. Of
  /// each folder that contains the path, verifiers look for a wildcard twice: with and without the slash at its end.
  public func absences(segments : [Text]) : [HashTree.Path] {
    let folders = Array.tabulate<[Text]>(segments.size(), func i = ["http_expr"].concat(segments.sliceToArray(0, i + 1)));
    let wildcards = folders.flatMap<[Text], [Text]>(func folder = [folder.concat(["<*>"]), folder.concat(["", "<*>"])].values());
    let root = ["http_expr", "", "<*>"];
    [place(#exact segments)].concat([root].concat(wildcards).map<[Text], HashTree.Path>(func labels = labels.map(Text.encodeUtf8)));
  };

  func labels(path : ExpressionPath) : [Text] {
    switch path {
      case (#exact segments) ["http_expr"].concat(segments).concat(["<$>"]);
      case (#any) ["http_expr", "<*>"];
    };
  };

  func leb128(number : Nat16) : Blob {
    let low = Nat8.fromIntWrap(Nat16.toNat(number & 0x7f));
    if (number < 0x80) Blob.fromArray([low]) else Blob.fromArray([low | 0x80, Nat8.fromIntWrap(Nat16.toNat(number >> 7))]);
  };
};
