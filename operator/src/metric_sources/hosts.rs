//! Which hosts may be asked on behalf of a user.
