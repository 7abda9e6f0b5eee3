import Array "mo:core/Array";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Principal "mo:core/Principal";
import Result "mo:core/Result";
import Membership "../lib/Membership";

/// The project's membership list: who may do what. The other canisters cache it (lib/Membership.mo).
persistent actor class GlobalConfiguration(init : { admins : [Principal] }) {
  type Role = Membership.Role;
  type Error = { #unauthorized : Text; #invalid : Text };

  var epoch : Nat64 = 1;
  let roles : Map.Map<Principal, [Role]> = Map.fromIter(init.admins.values().map(func id = (id, [#admin])));

  system func inspect({ caller : Principal }) : Bool = not caller.isAnonymous();

  public shared ({ caller }) func grant(id : Principal, role : Role) : async Result.Result<Nat64, Error> {
    if (not isAdmin(caller)) return #err(unauthorized(caller));
    if (id.isAnonymous()) return #err(#invalid "the anonymous principal cannot have a role");
    if (has(id, role)) return #ok epoch;
    #ok(set(id, rolesOf(id).concat([role])));
  };

  public shared ({ caller }) func revoke(id : Principal, role : Role) : async Result.Result<Nat64, Error> {
    if (not isAdmin(caller)) return #err(unauthorized(caller));
    if (not has(id, role)) return #ok epoch;
    if (role == #admin and admins() == 1) {
      return #err(#invalid "this is the last admin: grant the role to somebody else first");
    };
    #ok(set(id, rolesOf(id).filter(func other = other != role)));
  };

  public query func roles_of(id : Principal) : async [Role] { rolesOf(id) };

  public query func has_role(id : Principal, role : Role) : async Bool { has(id, role) };

  public query func membership() : async Membership.Membership {
    { epoch; members = roles.entries().map(func(id, roles) = { id; roles }).toArray() };
  };

  func rolesOf(id : Principal) : [Role] {
    switch (roles.get(id)) { case (?held) held; case null [] };
  };

  func has(id : Principal, role : Role) : Bool = rolesOf(id).any(func other = other == role);

  func admins() : Nat = roles.values().filter(func held = held.any(func role = role == #admin)).size();

  func isAdmin(caller : Principal) : Bool = has(caller, #admin) or caller.isController();

  func unauthorized(caller : Principal) : Error = #unauthorized(caller.toText() # " lacks the role admin");

  /// @return the new epoch
  func set(id : Principal, held : [Role]) : Nat64 {
    if (held.isEmpty()) roles.remove(id) else roles.add(id, held);
    epoch += 1;
    epoch;
  };
};
