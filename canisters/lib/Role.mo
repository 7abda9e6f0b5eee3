/// What a principal may do in this project. Canisters store and send roles by name, so that a release that adds a role
/// can run beside others that do not know it.
module {
  public type Role = { #admin; #publisher; #uploader; #committer; #recommender; #moderator; #canister };

  let all : [Role] = [#admin, #publisher, #uploader, #committer, #recommender, #moderator, #canister];

  public func name(role : Role) : Text {
    switch role {
      case (#admin) "admin";
      case (#publisher) "publisher";
      case (#uploader) "uploader";
      case (#committer) "committer";
      case (#recommender) "recommender";
      case (#moderator) "moderator";
      case (#canister) "canister";
    };
  };

  /// @return null for the name of a role that this release does not know
  public func named(text : Text) : ?Role {
    for (role in all.values()) if (name(role) == text) return ?role;
    null;
  };
};
