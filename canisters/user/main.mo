import Array "mo:core/Array";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat "mo:core/Nat";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Set "mo:core/Set";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Timer "mo:core/Timer";
import Funds "../lib/Funds";
import Membership "../lib/Membership";
import Records "../lib/Records";
import Bounds "Bounds";
import Engagement "Engagement";
import Interface "Interface";
import Outbox "Outbox";
import Syncing "Syncing";
import User "User";
import Views "Views";

/// Users' profiles and posts: one user or thousands, as user_index assigns them. User.mo holds the rules; this file checks
/// who may call; Syncing.mo sends changes to content_index and data_backup.
persistent actor class UserCanister(
  init : { global_configuration : Principal; user_index : Principal; content_index : ?Principal; data_backup : ?Principal }
) = this {
  type Error = Interface.Error;
  type Result<Value> = Result.Result<Value, Error>;

  /// The methods as `inspect` sees them.
  type Inspected = {
    #update_profile_details : Any; #add_post : Any; #delete_post : Any; #update_post_toggle_like_status_by_caller : Any;
    #update_post_like_status : Any; #update_post_increment_share_count : Any; #update_post_add_view_details : Any;
    #vote_on_post : Any; #update_post_status : Any; #update_post_status_by_attempt : Any; #get_profile_details : Any;
    #get_individual_post_details_by_id : Any; #get_posts_of_this_user_profile_with_pagination_cursor : Any;
    #register : Any; #unregister : Any; #list_untouched : Any; #release_if_untouched : Any; #activate : Any;
    #cancel_restore : Any; #relinquish : Any; #let_go : Any; #rewound : Any; #sync : Any; #restore : Any;
    #changes_since : Any; #digest : Any; #digest_after : Any; #list_users : Any; #health : Any; #cycles_report : Any;
    #engagement_since : Any; #refresh_membership : Any;
  };

  let users : Map.Map<Principal, User.User> = Map.empty();
  let index = Outbox.empty();
  /// The number of the next update for the index, and the last one that the index acknowledged.
  let numbering = { var next = 1 : Nat64 };
  let answered = { var last = 0 : Nat64 };
  let backup = Outbox.empty();
  let engagement = Engagement.empty(Nat64.fromIntWrap(Time.now()));
  let funds = Funds.meter();
  transient let reserve = Funds.reserve();
  transient let members = Membership.unread();
  /// Of users who are leaving: up to which number their posts are deleted.
  transient let leavers : Map.Map<Principal, Nat64> = Map.empty();
  /// Posts deleted in one message.
  transient let maxDeleted : Nat64 = 5_000;
  transient let syncing = Syncing.Syncing(init, func() = Principal.fromActor(this), users, { index; backup }, numbering, answered);

  // Timers end with an upgrade.
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* Funds.measure(funds, reserve, Principal.fromActor(this)) });
  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { syncing.wake<system>() });
  syncing.wake<system>();

  /// Refuses what no caller may send before it costs more than its arrival.
  system func inspect({ caller : Principal; arg : Blob; msg : Inspected }) : Bool {
    if (caller.isAnonymous()) return false;
    let max = switch msg { case (#add_post _) Bounds.postArgument; case (#update_profile_details _) Bounds.profileArgument; case _ Bounds.otherArgument };
    arg.size() <= max;
  };

  // By the user.

  public shared ({ caller }) func update_profile_details(profile : Interface.ProfileInput) : async Result<()> {
    let ?user = living(caller) else return #err(#not_registered);
    thenSync<system, ()>(caller, user.setProfile(profile, now()));
  };

  public shared ({ caller }) func add_post(post : Interface.PostInput) : async Result<Nat64> {
    let ?user = living(caller) else return #err(#not_registered);
    thenSync<system, Nat64>(caller, user.addPost(post, now()));
  };

  public shared ({ caller }) func delete_post(id : Nat64) : async Result<()> {
    let ?user = living(caller) else return #err(#not_registered);
    thenSync<system, ()>(caller, user.delete(id));
  };

  // By every signed-in caller.

  public shared ({ caller }) func update_post_toggle_like_status_by_caller(post : Interface.PostId) : async Result<Bool> {
    engage<system, Bool>(post, caller, func user = user.like(post, caller, null), likeOf);
  };

  public shared ({ caller }) func update_post_like_status(post : Interface.PostId, likes : Bool) : async Result<Bool> {
    engage<system, Bool>(post, caller, func user = user.like(post, caller, ?likes), likeOf);
  };

  public shared ({ caller }) func update_post_increment_share_count(post : Interface.PostId) : async Result<Nat64> {
    engage<system, Nat64>(post, caller, func user = user.share(post, caller), func _ = #share);
  };

  public shared ({ caller }) func update_post_add_view_details(post : Interface.PostId, details : Interface.ViewDetails) : async Result<()> {
    // What is not a percentage changes nothing.
    let watched = switch (Views.percentageOf(details)) { case (?percentage) percentage; case null 0 : Nat8 };
    engage<system, ()>(post, caller, func user = user.view(post, caller, details), func _ = #watch watched);
  };

  public shared ({ caller }) func vote_on_post(post : Interface.PostId, vote : Interface.Vote) : async Result<()> {
    if (caller == post.owner) return #err(#unauthorized "authors may not vote on their own posts");
    engage<system, ()>(post, caller, func user = user.vote(post.id, caller, vote), func _ = #vote vote);
  };

  // By the pipeline and by moderators.

  public shared ({ caller }) func update_post_status({ owner; id } : Interface.PostId, status : Interface.Status) : async Result<()> {
    switch (await* require(caller, [#publisher, #moderator])) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    let ?user = living(owner) else return #err(#not_found);
    let moderator = Membership.allows(members, caller, [#moderator]);
    thenSync<system, ()>(owner, user.setStatus(id, status, { moderator }));
  };

  /// The status that an attempt of the pipeline has reached with the post's video.
  public shared ({ caller }) func update_post_status_by_attempt(
    { post = { owner; id }; video_uid; status; attempt } : { post : Interface.PostId; video_uid : Text; status : Interface.Status; attempt : Nat64 }
  ) : async Result<()> {
    switch (await* require(caller, [#publisher, #moderator])) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    let ?user = living(owner) else return #err(#not_found);
    let moderator = Membership.allows(members, caller, [#moderator]);
    thenSync<system, ()>(owner, user.setStatusByAttempt(id, { video_uid; status; attempt; moderator }));
  };

  // Reading.

  public query func get_profile_details(user : Principal) : async ?Interface.ProfileDetails {
    let ?found = living(user) else return null;
    let ?profile = found.readProfile() else return null;
    ?{ profile with principal_id = user; post_count = found.posts };
  };

  public shared query ({ caller }) func get_individual_post_details_by_id({ owner; id } : Interface.PostId) : async ?Interface.PostDetails {
    let ?user = living(owner) else return null;
    user.details(owner, id, caller, { seesAll = seesAll(caller, owner) });
  };

  public shared query ({ caller }) func get_posts_of_this_user_profile_with_pagination_cursor(
    owner : Principal,
    { before; limit } : { before : ?Nat64; limit : Nat32 },
  ) : async Result<{ posts : [Interface.PostDetails]; next : ?Nat64 }> {
    let ?user = living(owner) else return #err(#not_found);
    let options = { before; limit = Nat32.max(1, Nat32.min(limit, 100)).toNat(); seesAll = seesAll(caller, owner) };
    #ok(user.page(owner, caller, options));
  };

  // By other canisters and controllers.

  public shared ({ caller }) func register(user : Principal) : async Result<()> {
    if (caller != init.user_index) return #err(notTheIndex);
    switch (users.get(user)) {
      // user_index calls this for a user who returns just when it is about to release them: that counts as activity.
      case (?former) if (former.live) return thenSync<system, ()>(user, former.touch(now())) else if (former.isBeingRestored()) return #err(#invalid "this user is being restored here");
      case null {};
    };
    let created = User.empty();
    users.add(user, created);
    created.begin(now());
    thenSync<system, ()>(user, #ok);
  };

  /// First notifies the index that all posts are deleted; once it knows, removes everything of the user. Repeat it until
  /// `done`.
  public shared ({ caller }) func unregister(user : Principal) : async Result<{ done : Bool }> {
    if (caller != init.user_index) return #err(notTheIndex);
    let ?leaving = users.get(user) else return #ok({ done = true });
    if (leaving.live) {
      let from = switch (leavers.get(user)) { case (?number) number; case null 0 : Nat64 };
      let { next; found } = leaving.deleteFrom(from, maxDeleted);
      leavers.add(user, next);
      if (found) index.touch(user);
      if (next < leaving.posts) return #ok({ done = false });
    };
    if (init.content_index != null and index.waiting.contains(user)) ignore await* syncing.flush();
    if (init.content_index != null and index.waiting.contains(user)) return #ok({ done = false });
    engagement.add({ at = now(); by = user; owner = user; id = 0; action = #left });
    drop(user);
    #ok({ done = true });
  };

  public shared query ({ caller }) func list_untouched(before : Nat64) : async Result<[Principal]> {
    if (not isOurs(caller)) return #err(#unauthorized "only the project's canisters and controllers may list users");
    #ok(users.entries().filter(func(_, user) = user.isUntouched(?before)).map(func(id, _) = id).take(100).toArray());
  };

  /// Removes a user who has never done anything but sign in: in one step, so that nothing can come in between.
  /// @param before nanoseconds since 1970: only if the user came before that
  public shared ({ caller }) func release_if_untouched(user : Principal, before : ?Nat64) : async Result<Bool> {
    if (caller != init.user_index) return #err(notTheIndex);
    let ?found = users.get(user) else return #ok true;
    if (not found.isUntouched(before)) return #ok false;
    drop(user);
    #ok true;
  };

  /// Restores records of a user who is not live here, in order; 0 starts again. Until `activate` only the project can
  /// read them.
  /// @param after the number that these changes follow
  public shared ({ caller }) func restore(user : Principal, after : Nat64, changes : [Records.Change]) : async Result<{ sequence : Nat64 }> {
    if (init.data_backup != ?caller) return #err(#unauthorized "only data_backup may restore");
    switch (users.get(user)) {
      case (?found) if (found.live) return #err(#invalid "this user is live here: restore into another canister");
      case null {};
    };
    if (after == 0) users.add(user, User.empty());
    let ?restored = users.get(user) else return #err(#invalid "earlier changes are missing: begin with 0");
    if (restored.records.sequence < after) return #err(#invalid "earlier changes are missing: begin with 0");
    for (change in changes.values()) restored.records.take(change);
    #ok({ sequence = restored.records.sequence });
  };

  /// Removes what was restored of a user who is not live here, because the restore failed.
  public shared ({ caller }) func cancel_restore(user : Principal) : async Result<()> {
    if (caller != init.user_index) return #err(notTheIndex);
    let ?restored = users.get(user) else return #ok;
    if (not restored.isBeingRestored()) return #err(#invalid "this user is not being restored here");
    drop(user);
    #ok;
  };

  /// Stops serving a user who continues in another canister.
  /// @param sequence how far the records reach there; a user with newer records here is kept
  public shared ({ caller }) func relinquish(user : Principal, sequence : Nat64) : async Result<()> {
    stopServing(caller, user, sequence);
  };

  /// Deprecated: `relinquish` by its former name, for a user_index of an earlier release. The next release removes it.
  public shared ({ caller }) func let_go(user : Principal, sequence : Nat64) : async Result<()> {
    stopServing(caller, user, sequence);
  };

  public shared ({ caller }) func activate(user : Principal) : async Result<()> {
    if (caller != init.user_index) return #err(notTheIndex);
    let ?restored = users.get(user) else return #err(#not_found);
    if (restored.live) return #ok;
    restored.resume(now());
    restart<system>(user);
    #ok;
  };

  /// After a snapshot was loaded: newer changes are lost, so every user gets a new history.
  public shared ({ caller }) func rewound() : async Result<()> {
    if (caller != init.user_index and not caller.isController()) return #err(notTheIndex);
    engagement.epoch := Nat64.max(now(), engagement.epoch + 1);
    for ((id, user) in users.entries()) {
      if (user.live) {
        user.resume(now());
        restart<system>(id);
      };
    };
    #ok;
  };

  /// Sends what is waiting now and returns how much is left. Repeat it until nothing waits for the backup.
  public shared ({ caller }) func sync() : async Result<{ index_waiting : Nat64; backup_waiting : Nat64; failure : Text }> {
    if (caller != init.user_index and not caller.isController()) return #err(notTheIndex);
    let failure = await* syncing.flush();
    #ok({
      index_waiting = Nat64.fromNat(index.waiting.size());
      backup_waiting = if (init.data_backup == null) 0 else Nat64.fromNat(backup.waiting.size());
      failure;
    });
  };

  /// For comparison with the copies.
  public shared query ({ caller }) func changes_since(user : Principal, sequence : Nat64) : async Result<[Records.Change]> {
    if (not isOurs(caller)) return #err(#unauthorized "only the project's canisters and controllers may read records");
    let ?found = users.get(user) else return #err(#not_found);
    #ok(found.records.since(sequence, 1_500_000, 20_000));
  };

  public shared query ({ caller }) func digest(user : Principal) : async Result<{ sequence : Nat64; sha256 : Blob }> {
    if (not isOurs(caller)) return #err(#unauthorized "only the project's canisters and controllers may read records");
    let ?found = users.get(user) else return #err(#not_found);
    #ok({ sequence = found.records.sequence; sha256 = found.records.digest() });
  };

  public shared query ({ caller }) func digest_after(user : Principal, sequence : Nat64) : async Result<Records.Page> {
    if (not isOurs(caller)) return #err(#unauthorized "only the project's canisters and controllers may read records");
    let ?found = users.get(user) else return #err(#not_found);
    #ok(found.records.digestAfter(sequence));
  };

  public shared query ({ caller }) func list_users({ after; limit } : { after : ?Principal; limit : Nat32 }) : async Result<[Principal]> {
    if (not isOurs(caller)) return #err(#unauthorized "only the project's canisters and controllers may list users");
    let ids = switch after { case (?id) users.entriesFrom(id); case null users.entries() };
    #ok(ids.filter(func(id, _) = ?id != after).map(func(id, _) = id).take(Nat32.min(limit, 10_000).toNat()).toArray());
  };

  /// By the recommender: what was done to the posts here after that number. Entries whose posts are gone are left out.
  public shared query ({ caller }) func engagement_since(after : Nat64, limit : Nat32) : async Result<Interface.Engagements> {
    switch (Membership.requireCached(members, caller, readers, "refresh_membership")) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    let found = engagement.since(after, Nat64.fromNat(Nat32.max(1, Nat32.min(limit, 500)).toNat()));
    #ok({
      epoch = engagement.epoch;
      oldest = engagement.oldest();
      last = engagement.last;
      up_to = if (found.size() == 0) engagement.last else found[found.size() - 1].0;
      entries = found.values().filterMap(
        func(sequence, { at; by; owner; id; action }) : ?Interface.Engagement {
          if (action == #left) return ?{ sequence; at; by; action; video = null };
          let ?user = living(owner) else return null;
          let ?post = user.readPost(id) else return null;
          ?{ sequence; at; by; action; video = ?post.content.video_uid };
        }
      ).toArray();
    });
  };

  /// Reads the caller's roles again: queries use them for a minute.
  public shared ({ caller }) func refresh_membership() : async Result<()> {
    switch (await* require(caller, readers)) { case (#err reason) #err(#unauthorized reason); case _ #ok };
  };

  /// user_index compares this before and after an upgrade.
  public query func health() : async { users : Nat64; changes : Nat64 } {
    {
      users = Nat64.fromNat(users.size());
      changes = users.values().foldLeft(0 : Nat64, func(sum, user) = sum + user.records.sequence);
    };
  };

  public query func cycles_report() : async Funds.Report { funds.report(reserve) };

  transient let readers : [Membership.Role] = [#recommender, #admin];
  transient let anonymous : Error = #unauthorized "sign in first";
  transient let notTheIndex : Error = #unauthorized "only user_index may call this";

  func living(id : Principal) : ?User.User {
    let ?user = users.get(id) else return null;
    if (user.live) ?user else null;
  };

  func likeOf(likes : Bool) : Interface.Action = if likes #like else #unlike;

  /// What a signed-in caller does to a post. If it changes something, and is not the author's own doing, the recommender
  /// may read it.
  func engage<system, Value>({ owner; id } : Interface.PostId, by : Principal, act : User.User -> Result<Value>, actionOf : Value -> Interface.Action) : Result<Value> {
    if (by.isAnonymous()) return #err(anonymous);
    let ?user = living(owner) else return #err(#not_found);
    let before = user.records.sequence;
    let result = act user;
    switch result {
      case (#ok value) if (by != owner and user.records.sequence != before) engagement.add({ at = now(); by; owner; id; action = actionOf value });
      case _ {};
    };
    thenSync<system, Value>(owner, result);
  };

  /// Returns the result and, if it is a success, schedules the change for the other canisters.
  func thenSync<system, Value>(owner : Principal, result : Result<Value>) : Result<Value> {
    switch result {
      case (#ok _) {
        let ?{ records } = users.get(owner) else return result;
        // What was repeated has changed nothing.
        if (index.position(owner) != records.sequence) index.touch(owner);
        if (backup.position(owner) != records.sequence) backup.touch(owner);
        syncing.wake<system>();
      };
      case (#err _) {};
    };
    result;
  };

  func stopServing(caller : Principal, user : Principal, sequence : Nat64) : Result<()> {
    if (caller != init.user_index) return #err(notTheIndex);
    let ?leaving = users.get(user) else return #ok;
    if (leaving.live and leaving.records.sequence > sequence) return #err(#invalid "this user has changed in the meantime");
    leaving.live := false;
    index.forget(user);
    backup.forget(user);
    #ok;
  };

  func drop(user : Principal) {
    users.remove(user);
    leavers.remove(user);
    index.forget(user);
    backup.forget(user);
  };

  func restart<system>(user : Principal) {
    index.restart(user);
    backup.restart(user);
    syncing.wake<system>();
  };

  func seesAll(caller : Principal, owner : Principal) : Bool {
    caller == owner or Membership.requireCached(members, caller, [#publisher, #moderator], "").isOk();
  };

  func isOurs(caller : Principal) : Bool {
    caller == init.user_index or init.data_backup == ?caller or caller.isController();
  };

  func require(caller : Principal, roles : [Membership.Role]) : async* Result.Result<(), Text> {
    let source : Membership.Source = actor (init.global_configuration.toText());
    await* Membership.require(members, source, caller, roles);
  };

  func now() : Nat64 = Nat64.fromIntWrap(Time.now());
};
