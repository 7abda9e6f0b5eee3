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
    for ({ path } in former.values()) {
      if (not kept.contains(path)) {
        self.files.remove(path);
        self.tree := self.tree.remove(HttpCertification.place(#exact(Answers.segments(path))));
      };
    };
    let memo : HttpCertification.Memo = Map.empty();
    for (file in next.values()) {
      if (gone.delete(file.path)) self.tree := self.tree.remove(HttpCertification.place(#exact(Answers.segments(file.path))));
      self.files.add(file.path, file);
      if (not kept.contains(file.path)) certifyAnswers(self, store, file, memo);
    };
    self.certify();
  };

  /// Removes files: from now on their paths return 410.
  public func takeDown(self : Site, gone : Gone, files : [File]) {
    let hash = HttpCertification.responseHash(Map.empty(), Answers.gone(), Sha256.hash(Answers.goneBody));
    for ({ path } in files.values()) {
      self.files.remove(path);
      gone.add(path);
      let place = #exact(Answers.segments(path));
      self.tree := self.tree.remove(HttpCertification.place place).insert(HttpCertification.leaf(place, hash), "");
    };
    self.certify();
  };

  /// The response to an HTTP request, with its proof. Only in a query: other calls have no certificate.
  public func respond(self : Site, gone : Gone, store : Chunks.Chunks, request : Interface.HttpRequest) : Interface.HttpResponse {
    let method = switch (request.method) {
      case "GET" #get;
      case "HEAD" #head;
      case _ return { status_code = 405; headers = [("allow", "GET, HEAD")]; body = ""; upgrade = null };
    };
    let segments = Answers.segments(request.url);
    let path = "/" # segments.values().join("/");
    let ?file = self.files.get(path) else {
      if (gone.contains(path)) {
        let body = Answers.goneBody;
        return proved(self, Answers.gone(), body, Sha256.hash(body), #exact segments, []);
      };
      let body = Answers.notFoundBody;
      return proved(self, Answers.notFound(), body, Sha256.hash(body), #any, HttpCertification.absences(segments));
    };
    let answer = Answers.choose(file, method, header(request.headers, "range"));
    let body = Answers.body(file, answer, store);
    proved(self, Answers.response(file, answer), body, Answers.bodySha256(file, answer, store), #exact segments, []);
  };

  func certifyAnswers(site : Site, store : Chunks.Chunks, file : File, memo : HttpCertification.Memo) {
    let path = #exact(Answers.segments(file.path));
    for (answer in Answers.all(file).values()) {
      let bodySha256 = Answers.bodySha256(file, answer, store);
      let hash = HttpCertification.responseHash(memo, Answers.response(file, answer), bodySha256);
      site.tree := site.tree.insert(HttpCertification.leaf(path, hash), "");
    };
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
