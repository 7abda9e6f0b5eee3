import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Text "mo:core/Text";
import Time "mo:core/Time";
import HashTree "../lib/HashTree";
import Certificate "Certificate";
import Entry "Entry";
import Interface "Interface";
import Ranking "Ranking";

/// All videos, the feeds that list the visible ones, and the tree that certifies each.
module {
  public type Catalogue = {
    byId : Map.Map<Text, Entry.Entry>;
    bySequence : Map.Map<Nat64, Entry.Entry>;
    var next : Nat64;
    newest : Ranking.Ranking;
    top : Ranking.Ranking;
    hotOrNot : Ranking.Ranking;
    byAuthor : Map.Map<Principal, Ranking.Ranking>;
    /// Statistics of posts whose videos have not been entered yet, by owner and video.
    waiting : Map.Map<Text, { owner : Principal; post : Interface.Post; status : Interface.Status }>;
    var tree : HashTree.Tree;
  };

  /// Posts that may wait for their videos: users must not fill the memory, nor take the places of others.
  let maxWaiting = 100_000;
  let maxWaitingOfOwner = 100;

  public func empty() : Catalogue {
    {
      byId = Map.empty();
      bySequence = Map.empty();
      var next = 1;
      newest = Ranking.empty();
      top = Ranking.empty();
      hotOrNot = Ranking.empty();
      byAuthor = Map.empty();
      waiting = Map.empty();
      var tree = #empty;
    };
  };

  /// Adds a video that is not in the catalogue.
  /// @param at nanoseconds since 1970
  public func add(self : Catalogue, video : Interface.VideoInput, at : Nat64) : Entry.Entry {
    let entry = Entry.new(self.next, video, at);
    self.next += 1;
    self.byId.add(video.id, entry);
    self.bySequence.add(entry.sequence, entry);
    switch (self.waiting.take(waitingKey(video.owner, video.id))) {
      case (?{ post; status }) {
        entry.post := ?post;
        if (status == #Deleted) entry.video := { video with status };
      };
      case null {};
    };
    switch (standing(entry)) { case (?place) self.show(entry, place); case null {} };
    self.certify(entry);
    entry;
  };

  /// Changes an entry and moves it in the feeds. Only places that change cost anything.
  public func change(self : Catalogue, entry : Entry.Entry, edit : () -> ()) {
    let before = standing(entry);
    edit();
    let after = standing(entry);
    switch (before, after) {
      case (?from, ?to) if (from.author == to.author) {
        move(self.top, from.top, to.top, entry);
        move(self.hotOrNot, from.hotOrNot, to.hotOrNot, entry);
        return;
      };
      case _ {};
    };
    switch before { case (?from) self.hide(entry, from); case null {} };
    switch after { case (?to) self.show(entry, to); case null {} };
  };

  /// The same, and certifies the new content.
  public func changeVideo(self : Catalogue, entry : Entry.Entry, video : Interface.VideoInput) {
    self.change(
      entry,
      func() {
        entry.video := video;
        entry.updated_at := now();
      },
    );
    self.certify(entry);
  };

  /// Applies the status and statistics of a post to its video, if the video belongs to the author of the post.
  public func apply(self : Catalogue, canister : Principal, update : Interface.PostUpdate) {
    let post = { canister; post_id = update.post_id; statistics = update.statistics };
    let ?entry = self.byId.get(update.video) else {
      let key = waitingKey(update.owner, update.video);
      if (self.waiting.containsKey(key) or hasRoom(self, update.owner)) {
        self.waiting.add(key, { owner = update.owner; post; status = update.status });
      };
      return;
    };
    if (entry.video.owner != update.owner) return;
    self.change(entry, func() { entry.post := ?post });
    if (update.status == #Deleted and not entry.isTakenDown()) {
      self.changeVideo(entry, { entry.video with status = #Deleted });
    };
  };

  /// A deleted post waits for a while, in case its video is being published; then its place is free again.
  /// @param former what this returned an hour ago
  /// @return the deleted posts that wait
  public func forgetDeleted(self : Catalogue, former : [Text]) : [Text] {
    for (key in former.values()) if (isDeleted(self.waiting.get(key))) self.waiting.remove(key);
    self.waiting.entries().filter(func(_, post) = post.status == #Deleted).map(func(key, _) = key).toArray();
  };

  /// Release 0.1 had them by video alone. The next release removes this.
  public func keyWaitingByOwner(self : Catalogue) {
    for ((key, post) in self.waiting.toArray().values()) if (not key.contains(#char '/')) {
      self.waiting.remove(key);
      self.waiting.add(waitingKey(post.owner, key), post);
    };
  };

  func isDeleted(waiting : ?{ status : Interface.Status }) : Bool {
    let ?{ status } = waiting else return false;
    status == #Deleted;
  };

  func hasRoom(self : Catalogue, owner : Principal) : Bool {
    let prefix = waitingKey(owner, "");
    let theirs = self.waiting.entriesFrom(prefix).takeWhile(func(key, _) = key.startsWith(#text prefix)).take(maxWaitingOfOwner).size();
    self.waiting.size() < maxWaiting and theirs < maxWaitingOfOwner;
  };

  func waitingKey(owner : Principal, video : Text) : Text = owner.toText() # "/" # video;

  /// Has the subnet certify the tree: once per message, after the last change.
  public func seal(self : Catalogue) = Certificate.seal(self.tree);

  func certify(self : Catalogue, entry : Entry.Entry) {
    self.tree := self.tree.insert(Certificate.place(entry.video.id), Certificate.hash(entry.video));
  };

  type Standing = { author : Principal; top : Int64; hotOrNot : Int64 };

  /// Where an entry belongs in the feeds; null while it may not be seen.
  func standing(entry : Entry.Entry) : ?Standing {
    if (not entry.isVisible()) return null;
    ?{ author = entry.video.owner; top = entry.top(); hotOrNot = entry.hotOrNot() };
  };

  func move(ranking : Ranking.Ranking, from : Int64, to : Int64, entry : Entry.Entry) {
    if (from == to) return;
    ranking.drop(from, entry);
    ranking.put(to, entry);
  };

  func show(self : Catalogue, entry : Entry.Entry, { author; top; hotOrNot } : Standing) {
    self.newest.put(0, entry);
    self.top.put(top, entry);
    self.hotOrNot.put(hotOrNot, entry);
    self.rankingOf(author).put(0, entry);
  };

  func hide(self : Catalogue, entry : Entry.Entry, { author; top; hotOrNot } : Standing) {
    self.newest.drop(0, entry);
    self.top.drop(top, entry);
    self.hotOrNot.drop(hotOrNot, entry);
    let theirs = self.rankingOf(author);
    theirs.drop(0, entry);
    if (theirs.isEmpty()) self.byAuthor.remove(author);
  };

  func rankingOf(self : Catalogue, owner : Principal) : Ranking.Ranking {
    let ?theirs = self.byAuthor.get(owner) else {
      let made = Ranking.empty();
      self.byAuthor.add(owner, made);
      return made;
    };
    theirs;
  };

  /// Nanoseconds since 1970.
  public func now() : Nat64 = Nat64.fromIntWrap(Time.now());
};
