import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Records "../lib/Records";
import Bounds "Bounds";
import Interface "Interface";
import Marks "Marks";
import Post "Post";
import Views "Views";

/// One user's profile and posts, and what others did to the posts. Everything is stored in records, whose changes are
/// synced.
module {
  type Error = Interface.Error;
  type Result<Value> = Result.Result<Value, Error>;

  /// `incarnation` (nanoseconds since 1970) names the history to which the sequence numbers belong. A user who is not
  /// `live` is being restored, or has moved to another canister.
  public type User = { records : Records.Records; var incarnation : Nat64; var live : Bool; var posts : Nat64 };

  let profileKey = "profile";

  public func empty() : User = { records = Records.empty(); var incarnation = 0; var live = false; var posts = 0 };

  /// Starts a new user.
  public func begin(self : User, now : Nat64) {
    self.incarnation := now;
    self.live := true;
    let profile : Interface.Profile = { display_name = ""; bio = ""; profile_picture_url = ""; created_at = now; updated_at = now };
    self.records.write(profileKey, ?to_candid (profile));
  };

  /// Makes a user live whose records are complete: the history continues under a new incarnation.
  public func resume(self : User, now : Nat64) {
    self.incarnation := Nat64.max(now, self.incarnation + 1);
    self.posts := countPosts(self);
    self.live := true;
  };

  /// Whether these records were never live here.
  public func isBeingRestored(self : User) : Bool = not self.live and self.incarnation == 0;

  /// Whether the user has never done anything but sign in, first before that time (nanoseconds since 1970).
  public func isUntouched(self : User, before : ?Nat64) : Bool {
    let old = switch before { case (?moment) self.incarnation < moment; case null true };
    self.live and self.records.sequence <= 1 and old;
  };

  public func readProfile(self : User) : ?Interface.Profile {
    let ?blob = self.records.read(profileKey) else return null;
    from_candid (blob);
  };

  public func setProfile(self : User, input : Interface.ProfileInput, now : Nat64) : Result<()> {
    let ?former = self.readProfile() else return #err(#not_registered);
    switch (Bounds.ofProfile(input)) { case (?reason) return #err(#invalid reason); case null {} };
    let profile : Interface.Profile = { input with created_at = former.created_at; updated_at = now };
    self.records.write(profileKey, ?to_candid (profile));
    #ok;
  };

  /// Counts as something the user has done.
  public func touch(self : User, now : Nat64) : Result<()> {
    let ?profile = self.readProfile() else return #err(#not_registered);
    self.records.write(profileKey, ?to_candid ({ profile with updated_at = now }));
    #ok;
  };

  /// Adding the same video again returns the same post.
  public func addPost(self : User, input : Interface.PostInput, now : Nat64) : Result<Nat64> {
    switch (Bounds.ofPost(input)) { case (?reason) return #err(#invalid reason); case null {} };
    let uidKey = "video/" # input.video_uid;
    switch (self.records.read(uidKey)) {
      case (?blob) {
        let ?id : ?Nat64 = from_candid (blob) else return #err(#not_found);
        return #ok id;
      };
      case null {};
    };
    if (self.posts >= Bounds.posts) return #err(#full("a user may have at most " # Bounds.posts.toText() # " posts"));
    switch (room(self)) { case (?error) return #err error; case null {} };
    let id = self.posts;
    self.posts += 1;
    self.put(id, Post.start(input, now));
    self.records.write(uidKey, ?to_candid (id));
    #ok id;
  };

  public func readPost(self : User, id : Nat64) : ?Post.Post {
    let ?blob = self.records.read(Post.key(id)) else return null;
    from_candid (blob);
  };

  public func setStatus(self : User, id : Nat64, status : Interface.Status, { moderator : Bool }) : Result<()> {
    let ?post = self.readPost(id) else return #err(#not_found);
    if (post.status == status) return #ok;
    if (not Post.mayBecome(post.status, status, moderator)) {
      return #err(#invalid("a post that is " # debug_show post.status # " cannot become " # debug_show status));
    };
    self.put(id, { post with status });
    #ok;
  };

  /// Sets the status of an attempt of the pipeline: an older attempt, or an earlier status of the same one, is stale.
  public func setStatusByAttempt(
    self : User,
    id : Nat64,
    { video_uid; status; attempt; moderator } : { video_uid : Text; status : Interface.Status; attempt : Nat64; moderator : Bool },
  ) : Result<()> {
    let ?post = self.readPost(id) else return #err(#not_found);
    if (post.content.video_uid != video_uid) return #err(#invalid("the video of this post is " # post.content.video_uid));
    let newest : Nat64 = switch (post.attempt) { case (?number) number; case null 0 };
    if (attempt < newest) return #err(#stale_attempt newest);
    if (post.status == status and attempt == newest) return #ok;
    if (attempt == newest and Post.isBefore(status, post.status)) return #err(#stale_attempt newest);
    if (not Post.mayBeSetTo(post.status, status, moderator)) {
      return #err(#invalid("a post that is " # debug_show post.status # " cannot become " # debug_show status));
    };
    self.put(id, { post with status; attempt = ?attempt });
    #ok;
  };

  public func delete(self : User, id : Nat64) : Result<()> {
    let ?post = self.readPost(id) else return #err(#not_found);
    if (post.status != #Deleted) self.put(id, { post with status = #Deleted });
    #ok;
  };

  /// Deletes up to `max` posts, from the number `from` on.
  /// @return where to continue, which is the number of posts at the end, and whether there was a post to delete
  public func deleteFrom(self : User, from : Nat64, max : Nat64) : { next : Nat64; found : Bool } {
    let next = Nat64.min(self.posts, from + max);
    var found = false;
    for (id in Nat64.range(from, next)) {
      switch (self.readPost(id)) {
        case (?post) if (post.status != #Deleted) {
          self.put(id, { post with status = #Deleted });
          found := true;
        };
        case null {};
      };
    };
    { next; found };
  };

  /// An author's own like is kept, but not counted.
  /// @param wanted null toggles the like
  /// @return whether the principal likes the post now
  public func like(self : User, { owner; id } : Interface.PostId, by : Principal, wanted : ?Bool) : Result<Bool> {
    let post = switch (self.viewable(id)) { case (#ok post) post; case (#err error) return #err error };
    let mark = markOf(self, id, post, by);
    let now = switch wanted { case (?given) given; case null not mark.likes };
    if (now == mark.likes) return #ok now;
    if (now) switch (room(self)) { case (?error) return #err error; case null {} };
    let counted = ownUncounted(self, owner, id, post, by);
    let likes = if (by == owner) counted.likes else if (now) counted.likes + 1 else less(counted.likes, 1);
    setMark(self, id, counted, by, { mark with likes = now });
    self.put(id, { counted with likes });
    #ok now;
  };

  /// Counts a principal once, and the author not at all.
  /// @return how many principals have shared the post
  public func share(self : User, { owner; id } : Interface.PostId, by : Principal) : Result<Nat64> {
    let post = switch (self.viewable(id)) { case (#ok post) post; case (#err error) return #err error };
    let mark = markOf(self, id, post, by);
    if (by == owner or mark.hasShared) return #ok(post.shares);
    switch (room(self)) { case (?error) return #err error; case null {} };
    setMark(self, id, post, by, { mark with hasShared = true });
    self.put(id, { post with shares = post.shares + 1 });
    #ok(post.shares + 1);
  };

  /// Counts a principal once, with the largest percentage watched at once, and the author not at all: repeating it changes
  /// nothing.
  public func view(self : User, { owner; id } : Interface.PostId, by : Principal, details : Interface.ViewDetails) : Result<()> {
    let post = switch (self.viewable(id)) { case (#ok post) post; case (#err error) return #err error };
    let ?watched = Views.percentageOf(details) else return #err(#invalid "percentage_watched must be 1 to 100");
    let mark = markOf(self, id, post, by);
    if (by == owner or watched <= mark.watched) return #ok;
    switch (room(self)) { case (?error) return #err error; case null {} };
    setMark(self, id, post, by, { mark with watched });
    self.put(id, { post with views = Views.raise(post.views, mark.watched, watched) });
    #ok;
  };

  /// Votes are final: otherwise voters could wait and follow the majority.
  public func vote(self : User, id : Nat64, by : Principal, vote : Interface.Vote) : Result<()> {
    let post = switch (self.viewable(id)) { case (#ok post) post; case (#err error) return #err error };
    if (not post.content.creator_consent_for_inclusion_in_hot_or_not) {
      return #err(#invalid "the author has not entered this post into hot or not");
    };
    let mark = markOf(self, id, post, by);
    switch (mark.vote) {
      case (?former) return if (former == vote) #ok else #err(#already_voted former);
      case null {};
    };
    switch (room(self)) { case (?error) return #err error; case null {} };
    setMark(self, id, post, by, { mark with vote = ?vote });
    let counted = switch vote { case (#Hot) ({ post with hot = post.hot + 1 }); case (#Not) ({ post with not_ = post.not_ + 1 }) };
    self.put(id, counted);
    #ok;
  };

  /// @param seesAll false for viewers who may only see posts that are ready
  public func details(self : User, owner : Principal, id : Nat64, viewer : Principal, { seesAll : Bool }) : ?Interface.PostDetails {
    let ?post = self.readPost(id) else return null;
    if (not seesAll and post.status != #ReadyToView) return null;
    let mark = markOf(self, id, post, viewer);
    ?{
      owner;
      id;
      content = post.content;
      status = post.status;
      created_at = post.created_at;
      like_count = post.likes;
      share_count = post.shares;
      hot_count = post.hot;
      not_count = post.not_;
      view_stats = Views.statistics(post.views);
      liked_by_me = mark.likes;
      my_vote = mark.vote;
    };
  };

  /// Newest first, below the number `before`. Reads a bounded number of posts: a page may be short or empty and still
  /// have a next page.
  public func page(self : User, owner : Principal, viewer : Principal, { before : ?Nat64; limit : Nat; seesAll : Bool }) : {
    posts : [Interface.PostDetails];
    next : ?Nat64;
  } {
    let posts = List.empty<Interface.PostDetails>();
    var at = switch before { case (?number) Nat64.min(number, self.posts); case null self.posts };
    var reads = 0;
    while (at > 0 and posts.size() < limit and reads < 1_000) {
      at -= 1;
      reads += 1;
      switch (self.details(owner, at, viewer, { seesAll })) { case (?post) posts.add(post); case null {} };
    };
    { posts = posts.toArray(); next = if (at > 0) ?at else null };
  };

  /// The updates for the index that follow from these changes.
  public func updates(self : User, owner : Principal, changes : [Records.Change]) : [Interface.PostUpdate] {
    changes.values().filterMap(
      func({ key; value }) : ?Interface.PostUpdate {
        let ?number = key.stripStart(#text(Post.prefix)) else return null;
        let ?id = Nat.fromText(number) else return null;
        let ?blob = value else return null;
        let ?post : ?Post.Post = from_candid (blob) else return null;
        let { total_view_count; threshold_view_count; average_watch_percentage } = Views.statistics(post.views);
        ?{
          video = post.content.video_uid;
          owner;
          post_id = Nat64.fromNat(id);
          status = post.status;
          statistics = {
            views = total_view_count;
            threshold_views = threshold_view_count;
            average_watch_percentage;
            likes = post.likes;
            shares = post.shares;
            hot_votes = post.hot;
            not_votes = post.not_;
          };
        };
      }
    ).toArray();
  };

  /// Posts are numbered from 0 and are never removed, so the last key holds their number.
  func countPosts({ records } : User) : Nat64 {
    for ((key, _) in records.byKey.reverseEntriesFrom(Post.prefix # "~")) {
      let ?id = Post.idOf(key) else return 0;
      return id + 1;
    };
    0;
  };

  func put(self : User, id : Nat64, post : Post.Post) {
    self.records.write(Post.key(id), ?to_candid (post));
  };

  func viewable(self : User, id : Nat64) : Result<Post.Post> {
    let ?post = self.readPost(id) else return #err(#not_found);
    if (post.status == #ReadyToView) #ok post else #err(#not_viewable);
  };

  /// What a principal has done to a post.
  func markOf(self : User, id : Nat64, post : Post.Post, by : Principal) : Marks.Mark {
    switch (Marks.read(self.records, Post.padded(id), by), post.marks) {
      case (?mark, _) mark;
      case (null, ?#all) Marks.none;
      case (null, null) ({
        likes = self.records.read(Post.formerMark("like", id, by)) != null;
        hasShared = self.records.read(Post.formerMark("share", id, by)) != null;
        vote = formerVote(self, id, by);
        watched = 0;
      });
    };
  };

  func setMark({ records } : User, id : Nat64, post : Post.Post, by : Principal, mark : Marks.Mark) {
    Marks.write(records, Post.padded(id), by, mark);
    if (post.marks != null) return;
    for (kind in ["like", "share", "vote"].values()) {
      let key = Post.formerMark(kind, id, by);
      if (records.read(key) != null) records.write(key, null);
    };
  };

  func formerVote({ records } : User, id : Nat64, by : Principal) : ?Interface.Vote {
    let ?blob = records.read(Post.formerMark("vote", id, by)) else return null;
    from_candid (blob);
  };

  /// Release 0.1 counted what authors did to their own posts: this goes when the author acts again.
  func ownUncounted({ records } : User, owner : Principal, id : Nat64, post : Post.Post, by : Principal) : Post.Post {
    if (by != owner or post.marks != null) return post;
    func former(kind : Text) : Nat64 = if (records.read(Post.formerMark(kind, id, by)) == null) 0 else 1;
    { post with likes = less(post.likes, former "like"); shares = less(post.shares, former "share") };
  };

  func less(count : Nat64, by : Nat64) : Nat64 = if (count < by) 0 else count - by;

  func room(self : User) : ?Error {
    if (self.records.bytes < Bounds.bytes) null else ?#full "this user's records have reached their limit";
  };
};
