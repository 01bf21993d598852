mail-greeting = Dear { $name },
mail-end = Megurumi: thank-yous that go around.
mail-confirm-subject = [Megurumi] Please confirm your address
mail-confirm-body =
    Welcome to Megurumi.
    Please open this link within three days to finish joining:

    { $url }

    If this was not you, simply delete this mail.
mail-already-subject = [Megurumi] You already have an account
mail-already-body =
    Someone tried to join with this address, which already has an account.
    You can log in here:

    { $url }

    If this was not you, there is nothing to do.
mail-reset-subject = [Megurumi] Choose a new password
mail-reset-body =
    Choose a new password with this link within one hour:

    { $url }

    If this was not you, simply delete this mail; your password stays as it is.
mail-password-changed-subject = [Megurumi] Your password has changed
mail-password-changed-body =
    Your password has changed, and your other devices have been logged out.

    If this was not you, choose a new one here at once:

    { $url }
mail-approved-subject = [Megurumi] “{ $title }” is published
mail-approved-body =
    “{ $title }” is published. Thank you for sharing it.

    { $url }
mail-changes-subject = [Megurumi] Please change something in “{ $title }”
mail-changes-body =
    We have read “{ $title }”. Before it is published, please change this:

    { $why }

    Mend it here and send it again; nothing you wrote is lost.

    { $url }
mail-rejected-subject = [Megurumi] “{ $title }” was not published
mail-rejected-body =
    We have read “{ $title }” and will not publish it this time, for this reason:

    { $why }

    More on this page:

    { $url }
mail-video-failed-subject = [Megurumi] The video of “{ $title }” could not be prepared
mail-video-failed-body =
    The video of “{ $title }” could not be prepared.

    { $why }

    Your words and photos are safe. Go on from here:

    { $url }
mail-photo-failed-subject = [Megurumi] A photo of “{ $title }” could not be prepared
mail-photo-failed-body =
    One or more photos of “{ $title }” could not be prepared.

    Your text and the other photos are kept. On the page below, remove that photo or choose another, and send it again.

    { $url }
