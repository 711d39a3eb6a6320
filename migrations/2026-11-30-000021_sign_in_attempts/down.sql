DROP TABLE sign_in_continuations;
DROP TABLE sign_in_attempts;
