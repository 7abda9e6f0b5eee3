import Array "mo:core/Array";
import Error "mo:core/Error";
import Int "mo:core/Int";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Nat64 "mo:core/Nat64";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Time "mo:core/Time";
import Fleet "Fleet";
import Interface "Interface";

/// Releases users who have never done anything but sign in, long ago. They lose nothing: a user who returns is assigned a
/// canister again.
module {
  /// `abandonedAfter` in seconds; null: never.
  public type State = { var abandonedAfter : ?Nat64; var after : ?Principal; var released : Nat64 };

  /// Canisters checked in a round.
  let perRound = 200;
  /// Seconds to wait for a reply.
  let patience : Nat32 = 60;

  public func start() : State = { var abandonedAfter = ?(90 * 86_400); var after = null; var released = 0 };

  /// @param gone called for a released user, with the canister if no user is left in it
  public class Sweep(state : State, fleet : Fleet.Fleet, gone : (Principal, ?Fleet.Canister) -> async* ()) {
    /// The next canisters, in turn.
    /// @return how many users were released
    public func run() : async* Nat64 {
      let ?seconds = state.abandonedAfter else return 0;
      let before = Int.abs(Time.now()) - seconds.toNat() * 1_000_000_000 : Int;
      if (before <= 0) return 0;
      let entries = switch (state.after) { case (?id) fleet.canisters.entriesFrom(id); case null fleet.canisters.entries() };
      let checked = entries.filter(func(id, _) = ?id != state.after).take(perRound).map(func(id, _) = id).toArray();
      state.after := if (checked.size() < perRound) null else ?checked[perRound - 1];
      var count : Nat64 = 0;
      for (canister in checked.values()) count += await* sweep(canister, Nat64.fromIntWrap(before));
      state.released += count;
      count;
    };

    /// One step for the canister. Here, a user who signs in in the meantime keeps the canister: until it has replied, a
    /// request for the user's canister registers the user there again, which is noticed below.
    /// @param before nanoseconds since 1970: only a user who came before that
    public func release(user : Principal, before : ?Nat64) : async* Result.Result<Bool, Text> {
      let ?{ canister } = fleet.users.get(user) else return #ok false;
      let provisional = { canister; registered = false };
      fleet.users.add(user, provisional);
      try {
        let users : Interface.UserCanister = actor (canister.toText());
        switch (await (with timeout = patience) users.release_if_untouched(user, before)) {
          case (#ok released) {
            if (fleet.users.get(user) != ?provisional) return #ok false;
            if (released) await* gone(user, fleet.leave(user)) else fleet.confirm(user, canister);
            #ok released;
          };
          case (#err _) {
            if (fleet.users.get(user) == ?provisional) fleet.confirm(user, canister);
            #err "the canister refuses: it does not know this user_index";
          };
        };
      } catch error #err(error.message());
    };

    func sweep(canister : Principal, before : Nat64) : async* Nat64 {
      let ?found = fleet.canisters.get(canister) else return 0;
      if (found.state != #active) return 0;
      var count : Nat64 = 0;
      try {
        let users : Interface.UserCanister = actor (canister.toText());
        switch (await (with timeout = patience) users.list_untouched(before)) {
          case (#ok untouched) {
            for (user in untouched.values()) if (fleet.home(user) == ?canister) {
              switch (await* release(user, ?before)) { case (#ok true) count += 1; case _ {} };
            };
          };
          case (#err _) {};
        };
      } catch _ {};
      count;
    };
  };
};
