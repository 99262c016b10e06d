package ctl

import (
	"context"

	"kunci/server/auth"
)

// usersAtOnce is how many accounts are read in one view of the store. None is
// open while they are sent: a client that does not read on, such as a pager,
// would keep the store from using its pages again, and from closing.
const usersAtOnce = 500

// userList lists the accounts as they are read.
var userList = stream[nothing, auth.User]{"user list", func(ctx context.Context, d *doing, _ nothing, fn func(*auth.User) error) (int, error) {
	return eachUser(ctx, d.Operator, fn)
}}

// eachUser calls fn for every account in the order of ids, outside of any view
// of the store, and counts those that can't be read.
func eachUser(ctx context.Context, o auth.Operator, fn func(*auth.User) error) (unreadable int, err error) {
	for from, more := uint64(0), true; more; {
		var users []*auth.User
		err := o.Users(from, func(u *auth.User, err error) bool {
			if err != nil {
				unreadable++
			} else {
				users = append(users, u)
			}
			return len(users) < usersAtOnce
		})
		if err != nil {
			return unreadable, err
		}
		for _, u := range users {
			if err := fn(u); err != nil {
				return unreadable, err
			}
		}
		if more = len(users) == usersAtOnce; more {
			next := users[len(users)-1].ID + 1
			more, from = next > from, next // the highest id there can be has none after it
		}
		if err := ctx.Err(); err != nil {
			return unreadable, err
		}
	}
	return unreadable, nil
}
