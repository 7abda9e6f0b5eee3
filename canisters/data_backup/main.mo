import Array "mo:core/Array";
import Blob "mo:core/Blob";
import Error "mo:core/Error";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat32 "mo:core/Nat32";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Text "mo:core/Text";
import Time "mo:core/Time";
import Timer "mo:core/Timer";
import Funds "../lib/Funds";
import Membership "../lib/Membership";
import Records "../lib/Records";
import Copy "Copy";

/// A copy of every user's records, which the user canisters update change by change, and which can be restored into a
/// canister that user_index has opened for it.
persistent actor class DataBackup(init : { global_configuration : Principal; user_index : Principal }) = this {
  type Error = { #unauthorized : Text; #not_found; #invalid : Text; #failed : Text };
  type Result<Value> = Result.Result<Value, Error>;
  type CopyInfo = {
    user : Principal;
    source : Principal;
    incarnation : Nat64;
    sequence : Nat64;
    records : Nat64;
    bytes : Nat64;
    sha256 : Blob;
    updated_at : Nat64;
  };
  type Comparison = { equal : Bool; sequence : Nat64; done : Bool };
  /// The part of user_index used here: where each user lives.
  type Index = actor { residences : shared query [Principal] -> async [?Principal] };
  /// The part of a user canister used here.
  type Target = actor {
    restore : shared (Principal, Nat64, [Records.Change]) -> async Result.Result<{ sequence : Nat64 }, Any>;
    digest : shared query Principal -> async Result.Result<{ sequence : Nat64; sha256 : Blob }, Any>;
    digest_after : shared query (Principal, Nat64) -> async Result.Result<Records.Page, Any>;
  };

  let copies : Map.Map<Principal, Copy.Copy> = Map.empty();
  let funds = Funds.meter();
  transient let reserve = Funds.reserve();
  transient let members = Membership.unread();
  /// Bytes of one message: below the platform's 2 MiB between subnets.
  transient let maxBytes = 1_500_000;
  transient let maxChanges = 20_000;
  /// Seconds to wait for a reply.
  transient let patience : Nat32 = 60;

  ignore Timer.recurringTimer<system>(#hours 1, func() : async () { await* Funds.measure(funds, reserve, Principal.fromActor(this)) });

  /// The methods as `inspect` sees them.
  type Inspected = {
    #apply_changes : Any; #restore_user : Any; #verify_user : Any; #verify_user_after : Any; #bind_user : Any;
    #forget_user : Any; #copy_of : Any; #list_users : Any; #changes_since : Any; #status : Any; #cycles_report : Any;
  };

  /// Refuses arguments that are larger than the method's, and large ones of strangers, before they cost more than their arrival.
  system func inspect({ caller : Principal; arg : Blob; msg : Inspected }) : Bool {
    not caller.isAnonymous() and (
      switch msg {
        case (#apply_changes _) not Membership.isStranger(members, caller);
        case _ arg.size() <= 1_000;
      }
    );
  };

  /// By the user canisters, for their own users only. The reply says for each user how far the copy reaches and which
  /// canister it follows: if that is another one, the sender relinquishes the user. Users unknown to user_index are left
  /// out of the reply.
  public shared ({ caller }) func apply_changes(batches : [Copy.Batch]) : async Result.Result<[Copy.Position], Text> {
    switch (await* require(caller, [#canister])) { case (#err reason) return #err reason; case _ {} };
    let foreign = batches.filter(func batch = sourceOf(batch.user) != ?caller);
    if (not foreign.isEmpty()) switch (await* bind(foreign.map<Copy.Batch, Principal>(func batch = batch.user))) {
      case (#err reason) return #err("user_index did not say where these users live: " # reason);
      case (#ok) {};
    };
    #ok(batches.filterMap<Copy.Batch, Copy.Position>(
      func batch {
        let ?copy = copies.get(batch.user) else return null;
        ?(if (copy.source == caller) copy.apply(batch, now()) else Copy.elsewhere(batch, copy.source));
      }
    ));
  };

  /// By user_index, when a user has moved: from now on only that canister changes the copy.
  public shared ({ caller }) func bind_user(user : Principal, canister : Principal) : async Result<()> {
    if (caller != init.user_index) return #err(#unauthorized "only user_index calls this");
    let ?copy = copies.get(user) else return #err(#not_found);
    copy.source := canister;
    #ok;
  };

  /// Sends the records after that number to a canister that is open for them: repeat it from `sequence` until `done`.
  public shared ({ caller }) func restore_user(user : Principal, target : Principal, after : Nat64) : async Result<{ sequence : Nat64; done : Bool }> {
    switch (await* require(caller, [#admin])) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    let ?copy = copies.get(user) else return #err(#not_found);
    let changes = copy.records.since(after, maxBytes, maxChanges);
    if (changes.isEmpty()) return #ok({ sequence = after; done = true });
    try {
      let canister : Target = actor (target.toText());
      switch (await (with timeout = patience) canister.restore(user, after, changes)) {
        case (#ok _) {};
        case (#err _) return #err(#failed(target.toText() # " is not open for this user: open it with user_index"));
      };
      let last = changes[changes.size() - 1].sequence;
      #ok({ sequence = last; done = last >= copy.records.sequence });
    } catch error #err(#failed(error.message()));
  };

  /// Whether a canister holds exactly what the copy holds, by SHA-256 over all keys, sequence numbers and values.
  public shared ({ caller }) func verify_user(user : Principal, target : Principal) : async Result<Bool> {
    switch (await* require(caller, [#admin])) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    var after : Nat64 = 0;
    loop switch (await* comparePage(user, target, after)) {
      case (#ok { equal; sequence; done }) {
        if (done or not equal) return #ok equal;
        after := sequence;
      };
      case (#err error) return #err error;
    };
  };

  /// The same for the records after that number, as many as one message can compare: repeat it from `sequence` until `done`.
  public shared ({ caller }) func verify_user_after(user : Principal, target : Principal, after : Nat64) : async Result<Comparison> {
    switch (await* require(caller, [#admin])) { case (#err reason) return #err(#unauthorized reason); case _ {} };
    await* comparePage(user, target, after);
  };

  /// By user_index, when a user has left.
  public shared ({ caller }) func forget_user(user : Principal) : async Result<()> {
    if (caller != init.user_index and not caller.isController()) return #err(#unauthorized "only user_index calls this");
    copies.remove(user);
    #ok;
  };

  public shared query ({ caller }) func copy_of(user : Principal) : async Result<CopyInfo> {
    if (not reads(caller)) return #err(unread);
    let ?copy = copies.get(user) else return #err(#not_found);
    #ok(info(user, copy));
  };

  /// Users whose copies follow that canister, or all, in order.
  public shared query ({ caller }) func list_users({ source; after; limit } : { source : ?Principal; after : ?Principal; limit : Nat32 }) : async Result<[Principal]> {
    if (not reads(caller)) return #err(unread);
    let entries = switch after { case (?id) copies.entriesFrom(id); case null copies.entries() };
    let wanted = entries.filter(func(id, copy) = ?id != after and (source == null or source == ?copy.source));
    #ok(wanted.map(func(id, _) = id).take(Nat32.min(limit, 10_000).toNat()).toArray());
  };

  public shared query ({ caller }) func changes_since(user : Principal, sequence : Nat64) : async Result<[Records.Change]> {
    if (not reads(caller)) return #err(unread);
    let ?copy = copies.get(user) else return #err(#not_found);
    #ok(copy.records.since(sequence, maxBytes, maxChanges));
  };

  public query func status() : async { users : Nat64; bytes : Nat64 } {
    let bytes = copies.values().foldLeft(0, func(sum, copy) = sum + copy.records.bytes);
    { users = Nat64.fromNat(copies.size()); bytes = Nat64.fromNat(bytes) };
  };

  public query func cycles_report() : async Funds.Report { funds.report(reserve) };

  transient let unread : Error = #unauthorized "only controllers and user_index read copies";

  func comparePage(user : Principal, target : Principal, after : Nat64) : async* Result<Comparison> {
    let ?copy = copies.get(user) else return #err(#not_found);
    let canister : Target = actor (target.toText());
    try {
      switch (await (with timeout = patience) canister.digest_after(user, after)) {
        case (#ok page) {
          let own = copy.records.digestAfter(after);
          #ok({ equal = page == own; sequence = own.up_to; done = own.done });
        };
        case (#err _) #ok({ equal = false; sequence = after; done = true });
      };
    } catch error {
      if (after > 0 or not error.message().contains(#text "digest_after")) return #err(#failed(error.message()));
      await* compareWhole(user, target);
    };
  };

  /// For user canisters of an earlier release, which have no `digest_after`. The next release removes this.
  func compareWhole(user : Principal, target : Principal) : async* Result<Comparison> {
    let canister : Target = actor (target.toText());
    try {
      let reply = await (with timeout = patience) canister.digest(user);
      let ?copy = copies.get(user) else return #err(#not_found);
      let (own, last) = (copy.records.digest(), copy.records.sequence);
      let equal = switch reply { case (#ok { sequence; sha256 }) own != "" and sequence == last and sha256 == own; case (#err _) false };
      #ok({ equal; sequence = last; done = true });
    } catch error #err(#failed(error.message()));
  };

  func sourceOf(user : Principal) : ?Principal {
    let ?copy = copies.get(user) else return null;
    ?copy.source;
  };

  /// Makes the copies of these users follow the canisters in which user_index says that they live.
  func bind(users : [Principal]) : async* Result.Result<(), Text> {
    let before = users.map<Principal, ?Principal>(sourceOf);
    let index : Index = actor (init.user_index.toText());
    try {
      let homes = await (with timeout = patience) index.residences(users);
      for ((position, user) in users.enumerate()) {
        // A newer `bind_user` may have arrived while the reply was under way.
        if (sourceOf(user) == before[position]) switch (homes[position]) {
          case (?home) follow(user, home);
          case null {};
        };
      };
      #ok;
    } catch error #err(error.message());
  };

  func follow(user : Principal, home : Principal) {
    switch (copies.get(user)) {
      case (?copy) copy.source := home;
      case null copies.add(user, Copy.empty(home));
    };
  };

  func info(user : Principal, copy : Copy.Copy) : CopyInfo {
    {
      user;
      source = copy.source;
      incarnation = copy.incarnation;
      sequence = copy.records.sequence;
      records = Nat64.fromNat(copy.records.count());
      bytes = Nat64.fromNat(copy.records.bytes);
      sha256 = copy.records.digest();
      updated_at = copy.updated_at;
    };
  };

  func reads(caller : Principal) : Bool = caller == init.user_index or caller.isController();

  func require(caller : Principal, roles : [Membership.Role]) : async* Result.Result<(), Text> {
    let source : Membership.Source = actor (init.global_configuration.toText());
    await* Membership.require(members, source, caller, roles);
  };

  func now() : Nat64 = Nat64.fromIntWrap(Time.now());
};
