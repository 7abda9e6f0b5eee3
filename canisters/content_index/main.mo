import Array "mo:core/Array";
import CertifiedData "mo:core/CertifiedData";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import List "mo:core/List";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Timer "mo:core/Timer";
import Funds "../lib/Funds";
import Membership "../lib/Membership";
import Catalogue "Catalogue";
import Certificate "Certificate";
import Entry "Entry";
import Input "Input";
import Interface "Interface";
import Neighbours "Neighbours";
import Pages "Pages";
import Pushed "Pushed";
import Takedowns "Takedowns";
import Updates "Updates";

/// What may be seen, and in which order.
persistent actor class ContentIndex(init : { global_configuration : Principal }) = this {
  type Error = Interface.Error;
  type Video = Interface.Video;
  type Status = Interface.Status;
  type Result<Value> = Result.Result<Value, Error>;

  let catalogue = Catalogue.empty();
  let pushed = Pushed.empty();
  /// Stable memory knows this variable by its name, which is the one of earlier releases.
  let withdrawals = Takedowns.empty();
  /// The newest sequence number of posts applied from each user canister.
  let sources : Map.Map<Principal, Nat64> = Map.empty();

  /// Where release 0.1 kept the videos: migrated by the first upgrade, empty since.
  let entries : Map.Map<Text, { sequence : Nat64; content : { video : Interface.VideoInput; created_at : Nat64; updated_at : Nat64 } }> = Map.empty();
  let ready : Map.Map<Nat64, Text> = Map.empty();
  var nextSequence : Nat64 = 1;
  for ({ content } in entries.values().sort(func(a, b) = Nat64.compare(a.sequence, b.sequence))) {
    ignore catalogue.add(content.video, content.created_at);
  };
  entries.clear();
  ready.clear();
  nextSequence := 1;

  catalogue.keyWaitingByOwner();

  // At installation and after every upgrade: certified data has to be set again when the code has changed.
  catalogue.seal();

  transient let members = Membership.unread();

  let funds = Funds.meter();
  transient let reserve = Funds.reserve();
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* Funds.measure(funds, reserve, Principal.fromActor(this)) });

  transient var deletedPosts : [Text] = [];
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { deletedPosts := catalogue.forgetDeleted(deletedPosts) });

  /// The methods as `inspect` sees them.
  type Inspected = {
    #upsert_video : Any; #set_status : Any; #take_down : Any; #withdraw : Any; #lift : Any; #set_moderation : Any;
    #apply_posts : Any; #update_scores : Any; #push_feeds : Any; #put_vectors : Any; #refresh_membership : Any;
    #get : Any; #get_certified : Any; #feed : Any; #rank : Any; #with_status : Any; #status : Any; #cycles_report : Any;
  };

  /// Refuses arguments that are larger than the method's, and large ones of strangers, before they cost more than their arrival.
  system func inspect({ caller : Principal; arg : Blob; msg : Inspected }) : Bool {
    not caller.isAnonymous() and (
      switch msg {
        case (#update_scores _ or #push_feeds _ or #put_vectors _ or #apply_posts _) not Membership.isStranger(members, caller);
        case (#upsert_video _) arg.size() <= 60_000;
        case _ arg.size() <= 10_000;
      }
    );
  };

  public shared ({ caller }) func upsert_video(video : Interface.VideoInput) : async Result<Video> {
    switch (await* refusal(caller, [#publisher])) { case (?error) return #err error; case null {} };
    switch (Input.faultOfVideo(video)) { case (?reason) return #err(#invalid reason); case null {} };
    let ?entry = catalogue.byId.get(video.id) else {
      switch (withdrawals.enter(video)) {
        case (#stale newest) return #err(#stale_attempt newest);
        case (#video entered) {
          let made = catalogue.add(entered, Catalogue.now());
          catalogue.seal();
          return #ok(made.content());
        };
      };
    };
    let current = entry.video;
    if (video.attempt < current.attempt) return #err(#stale_attempt(current.attempt));
    if (video.attempt == current.attempt) return #ok(entry.content());
    catalogue.changeVideo(entry, { video with status = if (entry.isTakenDown()) current.status else video.status });
    catalogue.seal();
    #ok(entry.content());
  };

  public shared ({ caller }) func set_status(id : Text, status : Status) : async Result<Video> {
    switch (await* refusal(caller, [#publisher, #moderator])) { case (?error) return #err error; case null {} };
    let ?entry = catalogue.byId.get(id) else return #err(#not_found);
    settle(caller, entry, status);
  };

  public shared ({ caller }) func take_down(takedown : Interface.Takedown) : async Result<?Video> {
    await* takeDown(caller, takedown);
  };

  /// Deprecated: `take_down` by its name in earlier releases.
  public shared ({ caller }) func withdraw(takedown : Interface.Takedown) : async Result<?Video> {
    await* takeDown(caller, takedown);
  };

  public shared ({ caller }) func lift(id : Text) : async Result<?Video> {
    switch (await* refusal(caller, [#moderator])) { case (?error) return #err error; case null {} };
    withdrawals.lift(id);
    let ?entry = catalogue.byId.get(id) else return #ok null;
    if (not entry.isTakenDown()) return #ok(?entry.content());
    switch (settle(caller, entry, #CheckingExplicitness)) { case (#ok video) #ok(?video); case (#err error) #err error };
  };

  public shared ({ caller }) func set_moderation(id : Text, moderation : Interface.Moderation) : async Result<Video> {
    switch (await* refusal(caller, [#publisher, #moderator])) { case (?error) return #err error; case null {} };
    let ?entry = catalogue.byId.get(id) else return #err(#not_found);
    entry.moderation := moderation;
    #ok(entry.content());
  };

  public shared ({ caller }) func apply_posts({ first : Nat64; follows : ?Nat64; posts : [Interface.PostUpdate] }) : async Result<Nat64> {
    switch (await* refusal(caller, [#canister])) { case (?error) return #err error; case null {} };
    switch (Input.faultOfPosts(posts)) { case (?reason) return #err(#invalid reason); case null {} };
    if (first == 0) return #err(#invalid "posts are numbered from 1");
    let applied : Nat64 = switch (sources.get(caller)) { case (?sequence) sequence; case null 0 };
    // The numbers in between may have been lost on their way: the sender repeats those updates under new numbers.
    let known = switch follows { case (?answered) answered; case null first - 1 };
    if (known > applied) return #err(#gap { expected = applied + 1 });
    for ((index, update) in posts.enumerate()) {
      if (first + Nat64.fromNat(index) > applied) catalogue.apply(caller, update);
    };
    catalogue.seal();
    let last = Nat64.max(applied, first + Nat64.fromNat(posts.size()) - 1);
    sources.add(caller, last);
    #ok last;
  };

  public shared ({ caller }) func update_scores(scores : Interface.Scores) : async Result<Interface.Applied> {
    switch (await* refusal(caller, [#recommender])) { case (?error) return #err error; case null {} };
    switch (Input.faultOfScores(scores)) { case (?reason) return #err(#invalid reason); case null {} };
    #ok(Updates.scores(catalogue, scores));
  };

  public shared ({ caller }) func push_feeds(feeds : Interface.Feeds) : async Result<Interface.Applied> {
    switch (await* refusal(caller, [#recommender])) { case (?error) return #err error; case null {} };
    switch (Input.faultOfFeeds(feeds)) { case (?reason) return #err(#invalid reason); case null {} };
    #ok(Updates.feeds(catalogue, pushed, feeds));
  };

  public shared ({ caller }) func put_vectors(vectors : Interface.Vectors) : async Result<Interface.Applied> {
    switch (await* refusal(caller, [#recommender])) { case (?error) return #err error; case null {} };
    switch (Input.faultOfVectors(vectors)) { case (?reason) return #err(#invalid reason); case null {} };
    #ok(Updates.vectors(catalogue, vectors));
  };

  /// For queries that need a role: a query cannot fetch the caller's roles itself.
  public shared ({ caller }) func refresh_membership() : async Result<()> {
    switch (await* refusal(caller, anyRole)) { case (?error) #err error; case null #ok };
  };

  public query func cycles_report() : async Funds.Report { funds.report(reserve) };

  public query func get(id : Text) : async ?Video {
    let ?entry = catalogue.byId.get(id) else return null;
    ?entry.content();
  };

  public query func get_certified(id : Text) : async { video : ?Video; proof : Interface.Proof } {
    let proof = Certificate.proof(catalogue.tree, CertifiedData.getCertificate(), [id]);
    let ?entry = catalogue.byId.get(id) else return { video = null; proof };
    { video = ?entry.content(); proof };
  };

  public query ({ caller }) func feed(question : Interface.Question) : async Result<Interface.Page> {
    switch (refusalOf(caller, question)) { case (?error) return #err error; case null {} };
    #ok(page(Pages.page(catalogue, pushed, question), CertifiedData.getCertificate()));
  };

  /// Joins the profiles of authors whose canisters are on this canister's subnet; a client joins the others.
  public composite query ({ caller }) func feed_with_authors(question : Interface.Question) : async Result<{ page : Interface.Page; authors : [Interface.Author] }> {
    switch (refusalOf(caller, question)) { case (?error) return #err error; case null {} };
    let limit = Nat32.min(question.limit, maxJoined);
    let slice = Pages.page(catalogue, pushed, { question with limit });
    // The certificate is gone after the first await.
    let answer = page(slice, CertifiedData.getCertificate());
    let authors = List.empty<Interface.Author>();
    for (entry in slice.entries.values()) {
      let owner = entry.video.owner;
      switch (entry.post) {
        case (?{ canister }) if (not authors.any(func known = known.owner == owner)) {
          let user : actor { get_profile_details : shared query Principal -> async ?Interface.Profile } = actor (canister.toText());
          let profile = try await user.get_profile_details(owner) catch _ null;
          authors.add({ owner; canister; profile });
        };
        case null {};
      };
    };
    #ok { page = answer; authors = authors.toArray() };
  };

  public query func rank(ranking : Interface.Ranking) : async Result<Interface.Ranked> {
    switch (Input.faultOfRanking(ranking)) {
      case (?reason) #err(#invalid reason);
      case null #ok(Neighbours.rank(catalogue, ranking));
    };
  };

  /// Any status, newest first: for moderators.
  public query ({ caller }) func with_status({ status : Status; before : ?Nat64; limit : Nat32 }) : async Result<{ videos : [Video]; next : ?Nat64 }> {
    switch (Membership.requireCached(members, caller, [#moderator, #admin, #publisher], "refresh_membership")) {
      case (#err reason) return #err(#unauthorized reason);
      case (#ok) {};
    };
    #ok(Pages.withStatus(catalogue, status, before, limit));
  };

  public query func status() : async { videos : Nat64; ready : Nat64; waiting_posts : Nat64; personal_feeds : Nat64; segment_feeds : Nat64 } {
    {
      videos = Nat64.fromNat(catalogue.byId.size());
      ready = Nat64.fromNat(catalogue.newest.size());
      waiting_posts = Nat64.fromNat(catalogue.waiting.size());
      personal_feeds = Nat64.fromNat(pushed.users.size());
      segment_feeds = Nat64.fromNat(pushed.segments.size());
    };
  };

  /// Calls made by one composite query: well within the platform's 5 billion instructions for all of them.
  transient let maxJoined : Nat32 = 20;

  transient let anyRole : [Membership.Role] = [#admin, #publisher, #recommender, #moderator, #canister];

  func takeDown(caller : Principal, takedown : Interface.Takedown) : async* Result<?Video> {
    switch (await* refusal(caller, [#publisher, #moderator])) { case (?error) return #err error; case null {} };
    switch (Input.faultOfTakedown(takedown)) { case (?reason) return #err(#invalid reason); case null {} };
    let ?entry = catalogue.byId.get(takedown.id) else {
      let by = if (Membership.allows(members, caller, [#moderator])) #moderator else #publisher;
      if (not withdrawals.note(takedown, by)) return #err(#invalid "a million unknown videos are taken down already");
      return #ok null;
    };
    switch (settle(caller, entry, takedown.status)) { case (#ok video) #ok(?video); case (#err error) #err error };
  };

  func settle(caller : Principal, entry : Entry.Entry, status : Status) : Result<Video> {
    if (entry.video.status == status) return #ok(entry.content());
    let isLifted = entry.isBanned() or entry.isTakenDown() and not Entry.takesDown(status);
    if (isLifted and not Membership.allows(members, caller, [#moderator])) {
      return #err(#unauthorized("only a moderator may lift a ban or restore a deleted video"));
    };
    catalogue.changeVideo(entry, { entry.video with status });
    catalogue.seal();
    #ok(entry.content());
  };

  func page({ entries; next } : Pages.Slice, certificate : ?Blob) : Interface.Page {
    let ids = entries.map(func entry = entry.video.id);
    let videos = entries.map(func entry = entry.content());
    { videos; next; proof = Certificate.proof(catalogue.tree, certificate, ids) };
  };

  /// A personal feed shows what a user likes: only that user and the recommender may read it.
  func refusalOf(caller : Principal, { feed; filter } : Interface.Question) : ?Error {
    switch (Input.faultOfFilter(filter)) { case (?reason) return ?#invalid reason; case null {} };
    switch feed {
      case (#personal user) if (user != caller) {
        switch (Membership.requireCached(members, caller, [#recommender, #admin], "refresh_membership")) {
          case (#err reason) return ?#unauthorized reason;
          case (#ok) {};
        };
      };
      case _ {};
    };
    null;
  };

  func refusal(caller : Principal, roles : [Membership.Role]) : async* ?Error {
    let source : Membership.Source = actor (init.global_configuration.toText());
    switch (await* Membership.require(members, source, caller, roles)) {
      case (#err reason) ?#unauthorized reason;
      case (#ok) null;
    };
  };
};
