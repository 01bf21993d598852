error-home = Go home
error-search = Search
error-request = Reference: { $id }
error-forbidden-title = You cannot go in here
error-forbidden-words = You may not do this. Logging in again sometimes helps.
error-not-found-title = This page could not be found
error-not-found-words = It may have been withdrawn, or not be public yet.
error-conflict-title = It had already changed elsewhere
error-conflict-words = Go back and look at the newer version.
error-gone-title = This link no longer works
error-gone-words = It has expired or was already used. Please start again.
error-too-large-title = Too large for us to take
error-too-large-words = Please make the photos or video smaller or shorter, and send them again.
error-too-many-title = Please wait a moment
error-too-many-words = There were many tries in a short time. Please come back in a few minutes.
error-day-full-title = That is all for today
error-day-full-words = One can send { $size } a day. You can go on from { $time }. What you wrote is kept.
error-videos-waiting-title = We are preparing your earlier videos
error-videos-waiting-words = { $n ->
    [one] One video of yours waits to be prepared. Once it is done, please choose this one again. What you wrote is kept.
   *[other] { $n } videos of yours wait to be prepared. Once one is done, please choose this one again. What you wrote is kept.
}
error-unavailable-title = We are getting ready
error-unavailable-words = We shall be back shortly. Please open this page again in a little while.
error-request-bad-title = We could not read that
error-request-bad-words = Please go back and try again.
error-internal-title = Our mistake. We are sorry
error-internal-words = It has been noted. Please try again in a little while.
error-unconfirmed-title = Your mail address is not confirmed yet
error-unconfirmed-words = Open the link in the mail we sent when you joined, and you can post and say thank you. If it has not come, the button below sends it again.
error-suspended-title = You cannot write just now
error-suspended-words = This account is suspended. You can still read. If you do not know why, please write to the team.
error-cross-site-title = Please try again
error-cross-site-words = This came from another site, so we did not take it. Please use a page of Megurumi.
error-login-needed-title = Please log in
error-login-needed-words = Log in and go on from here.
