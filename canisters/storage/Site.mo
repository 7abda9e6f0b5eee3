import Array "mo:core/Array";
import CertifiedData "mo:core/CertifiedData";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Set "mo:core/Set";
import Text "mo:core/Text";
import HashTree "../lib/HashTree";
import HttpCertification "../lib/HttpCertification";
import Sha256 "../lib/Sha256";
import Answers "Answers";
import Chunks "Chunks";
import Interface "Interface";
import StoredFile "StoredFile";

/// The public files, and the tree that certifies every response about them.
module {
  type File = StoredFile.StoredFile;

  public type Site = { files : Map.Map<Text, File>; var tree : HashTree.Tree };

  /// Paths of files that were deleted or taken down.
  public type Gone = Set.Set<Text>;

  public func empty() : Site = { files = Map.empty(); var tree = #empty };

  /// Has the subnet certify the tree, with the response for unknown paths, which an upgrade may have changed.
  public func certify(self : Site) {
    let hash = HttpCertification.responseHash(Map.empty(), Answers.notFound(), Sha256.hash(Answers.notFoundBody));
    self.tree := self.tree.remove(HttpCertification.place(#any)).insert(HttpCertification.leaf(#any, hash), "");
    CertifiedData.set(self.tree.hash());
  };

  /// Whether exactly this file is public already.
  public func has(self : Site, chunkBytes : Nat, file : Interface.File) : Bool {
    let ?present = self.files.get(file.path) else return false;
    present.equals(chunkBytes, file);
  };

  /// Replaces files by others and certifies the result.
  public func replace(self : Site, gone : Gone, store : Chunks.Chunks, former : [File], next : [File]) {
    let unchanged = next.values().filter(func file = self.has(file.chunkBytes, file.declaration()));
    let kept = Set.fromIter(unchanged.map(func file = file.path));
    let changed = former.values().concat(next.values()).map(func file = file.path).filter(func path = not kept.contains(path)).toArray();
    for ({ path } in former.values()) {
      if (not kept.contains(path)) {
        self.files.remove(path);
        clear(self, path);
      };
    };
    for (file in next.values()) {
      if (gone.delete(file.path)) clear(self, file.path);
      self.files.add(file.path, file);
    };
    let memo : HttpCertification.Memo = Map.empty();
    let notAllowed = HttpCertification.responseHash(memo, Answers.notAllowed(), Sha256.hash(""));
    let otherwiseEncoded = Set.fromIter(changed.values().filterMap(Answers.plainOf));
    for (file in next.values()) {
      let isRenewed = kept.contains(file.path) and otherwiseEncoded.contains(file.path);
      if (isRenewed) clear(self, file.path);
      if (isRenewed or not kept.contains(file.path)) certifyAnswers(self, store, file, memo, notAllowed);
    };
    self.certify();
  };

  /// Removes files: from now on their paths return 410.
  public func takeDown(self : Site, gone : Gone, files : [File]) {
    let hash = HttpCertification.responseHash(Map.empty(), Answers.gone(), Sha256.hash(Answers.goneBody));
    for ({ path } in files.values()) {
      self.files.remove(path);
      gone.add(path);
      clear(self, path);
      for ((place, _) in places(self, path).values()) self.tree := self.tree.insert(HttpCertification.leaf(place, hash), "");
    };
    self.certify();
  };

  /// The response to an HTTP request, with its proof. Only in a query: other calls have no certificate.
  public func respond(self : Site, gone : Gone, store : Chunks.Chunks, request : Interface.HttpRequest) : Interface.HttpResponse {
    let segments = Answers.segments(request.url);
    let path = "/" # segments.values().join("/");
    let exact = #exact segments;
    let (target, isFolder) = if (self.files.containsKey(path) or gone.contains(path)) (path, false) else if (path.endsWith(#char '/')) (path # Answers.pageName, false) else (path # "/" # Answers.pageName, true);
    // What was published before folders had a path of their own is only at its own.
    if (target == path or self.tree.has(HttpCertification.place exact)) {
      switch (self.files.get(target)) {
        case (?file) return if (isFolder) proved(self, Answers.redirect(path), "", Sha256.hash(""), exact, []) else ofFile(self, store, request, file, exact);
        case null {};
      };
      if (gone.contains(target)) return proved(self, Answers.gone(), Answers.goneBody, Sha256.hash(Answers.goneBody), exact, []);
    };
    let body = Answers.notFoundBody;
    proved(self, Answers.notFound(), body, Sha256.hash(body), #any, HttpCertification.absences(segments));
  };

  func ofFile(self : Site, store : Chunks.Chunks, request : Interface.HttpRequest, file : File, place : HttpCertification.ExpressionPath) : Interface.HttpResponse {
    let method = switch (request.method) {
      case "GET" #get;
      case "HEAD" #head;
      case _ return proved(self, Answers.notAllowed(), "", Sha256.hash(""), place, []);
    };
    let range = header(request.headers, "range");
    let accepted = header(request.headers, "accept-encoding");
    let known = header(request.headers, "if-none-match");
    func answered(bytes : File, answer : Answers.Answer, response : Answers.Response) : Interface.HttpResponse {
      proved(self, response, Answers.body(bytes, answer, store), Answers.bodySha256(bytes, answer, store), place, []);
    };
    func isKnown(bytes : File, unchanged : Answers.Response) : Bool {
      let ?tags = known else return false;
      Answers.isKnown(bytes, tags) and isCertified(self, unchanged, Sha256.hash(""), place);
    };
    // What was published before files had encodings is certified without them.
    let variants = variantsOf(self, file).filter(
      func((encoding, bytes)) = isCertified(self, Answers.encoded(file, encoding, bytes, #whole), bytes.sha256, place)
    );
    // Ranges are those of the plain bytes.
    let wanted = switch (method, range, accepted) {
      case (#get, null, ?list) variants.find(func((encoding, _)) = Answers.accepts(list, encoding));
      case _ null;
    };
    switch wanted {
      case (?(encoding, bytes)) {
        let unchanged = Answers.encoded(file, encoding, bytes, #notModified);
        if (isKnown(bytes, unchanged)) return answered(bytes, #notModified, unchanged);
        answered(bytes, #whole, Answers.encoded(file, encoding, bytes, #whole));
      };
      case null {
        let plain = func(answer : Answers.Answer) : Answers.Response = if (variants.size() == 0) Answers.response(file, answer) else Answers.varying(Answers.response(file, answer));
        let unchanged = plain(#notModified);
        if (isKnown(file, unchanged)) return answered(file, #notModified, unchanged);
        let answer = Answers.choose(file, method, range);
        answered(file, answer, plain(answer));
      };
    };
  };

  /// The encodings in which a file is there, best first. Only bytes that fit into one response, and of the same upload: no other
  /// changes what is served here.
  func variantsOf(self : Site, file : File) : [(Answers.Encoding, File)] {
    Answers.encodings.filterMap<Answers.Encoding, (Answers.Encoding, File)>(
      func encoding {
        let ?bytes = self.files.get(file.path # encoding.ending) else return null;
        if (bytes.uploadId == file.uploadId and bytes.chunks.size() == 1) ?(encoding, bytes) else null;
      }
    );
  };

  func certifyAnswers(site : Site, store : Chunks.Chunks, file : File, memo : HttpCertification.Memo, notAllowed : Blob) {
    let variants = variantsOf(site, file);
    let plain = Answers.all(file).map<Answers.Answer, Blob>(
      func answer {
        let response = Answers.response(file, answer);
        HttpCertification.responseHash(memo, if (variants.size() == 0) response else Answers.varying(response), Answers.bodySha256(file, answer, store));
      }
    );
    let compressed = variants.flatMap<(Answers.Encoding, File), Blob>(
      func((encoding, bytes)) {
        let answers : [Answers.Answer] = if (Answers.isImmutable(file)) [#whole] else [#whole, #notModified];
        answers.values().map(
          func answer = HttpCertification.responseHash(memo, Answers.encoded(file, encoding, bytes, answer), Answers.bodySha256(bytes, answer, store))
        );
      }
    );
    let hashes = plain.concat(compressed).concat([notAllowed]);
    let folder = Answers.folderOf(file.path);
    for ((place, what) in places(site, file.path).values()) {
      let there = switch what {
        case (#content) hashes;
        case (#redirect folder) [HttpCertification.responseHash(memo, Answers.redirect(folder), Sha256.hash(""))];
      };
      for (hash in there.values()) site.tree := site.tree.insert(HttpCertification.leaf(place, hash), "");
    };
  };

  /// Where a file is served: at its own path; a page also at that of its folder, where no other file is.
  func places(self : Site, path : Text) : [(HttpCertification.ExpressionPath, { #content; #redirect : Text })] {
    let own = (#exact(Answers.segments(path)), #content);
    let ?folder = Answers.folderOf(path) else return [own];
    let slashed = (#exact(Answers.segments(folder # "/")), #content);
    if (folder == "" or self.files.containsKey(folder)) [own, slashed] else [own, slashed, (#exact(Answers.segments(folder)), #redirect folder)];
  };

  func clear(self : Site, path : Text) {
    for ((place, _) in places(self, path).values()) self.tree := self.tree.remove(HttpCertification.place place);
  };

  func isCertified(self : Site, response : Answers.Response, bodySha256 : Blob, place : HttpCertification.ExpressionPath) : Bool {
    self.tree.has(HttpCertification.leaf(place, HttpCertification.responseHash(Map.empty(), response, bodySha256)));
  };

  func proved(
    site : Site,
    response : Answers.Response,
    body : Blob,
    bodySha256 : Blob,
    path : HttpCertification.ExpressionPath,
    absences : [HashTree.Path],
  ) : Interface.HttpResponse {
    let answer = { status_code = response.status; body; upgrade = null };
    let ?certificate = CertifiedData.getCertificate() else return { answer with headers = response.headers };
    let hash = HttpCertification.responseHash(Map.empty(), response, bodySha256);
    let witness = site.tree.witness([HttpCertification.leaf(path, hash)].concat(absences));
    let proof = HttpCertification.certificateHeader(certificate, witness, path);
    { answer with headers = response.headers.concat([proof]) };
  };

  func header(headers : [(Text, Text)], name : Text) : ?Text {
    let ?(_, value) = headers.find(func(key, _) = key.toLower() == name) else return null;
    ?value;
  };
};
