//! All services of the process, each made once, and handed to every handler that asks for it in its signature.

use actix_web::web::{self, Data};

use super::{gate::Front, unrouted::Routes};
use crate::{
    auth::Auth,
    clock::Clock,
    config::Config,
    db::Db,
    events::Streams,
    http::state::AppState,
    limits::{Limits, SecurityLog, penalties::Penalties},
    ops::{
        care::Care,
        health::{Draining, Probe},
    },
    people::looks::Looks,
    settings::{self, CurrentSettings},
};

#[derive(Clone, Debug)]
pub struct Services {
    pub state: Data<AppState>,
    pub auth: Data<Auth>,
    pub settings: Data<CurrentSettings>,
    pub limits: Data<Limits>,
    pub penalties: Data<Penalties>,
    pub security_log: Data<SecurityLog>,
    pub looks: Data<Looks>,
    pub streams: Data<Streams>,
    pub probe: Data<Probe>,
    pub draining: Data<Draining>,
    pub care: Data<Care>,
    front: Data<Front>,
    routes: Data<Routes>,
}

impl Services {
    /// # Errors
    /// If bcrypt does not take the hash cost, a rate cannot be counted, or settings or penalties cannot be read.
    pub fn new(config: Config, clock: Clock, db: Db) -> Result<Self, String> {
        let settings = db.read_blocking(|conn| Ok(settings::effective(conn, &config)?));
        let settings = settings.map_err(|error| format!("The settings cannot be read: {error}"))?;
        let (auth, looks) = (Auth::new(&config)?, Looks::default());
        Ok(Self {
            settings: Data::new(CurrentSettings::new(settings)),
            limits: Data::new(Limits::new(&config, &clock)?),
            penalties: Data::new(Penalties::load(&db, &clock).map_err(|error| error.to_string())?),
            security_log: Data::new(SecurityLog::default()),
            streams: Data::new(Streams::new(&config, &clock, &db, &looks, &auth.last_seen)?),
            probe: Data::new(Probe::default()),
            draining: Data::new(Draining::default()),
            care: Data::new(Care::default()),
            front: Data::new(Front::new(&config)),
            routes: Data::new(Routes::documented()),
            looks: Data::new(looks),
            auth: Data::new(auth),
            state: Data::new(AppState::new(config, clock, db)),
        })
    }

    /// Registers every service with an application.
    pub(super) fn register(&self, app: &mut web::ServiceConfig) {
        let Self {
            state,
            auth,
            settings,
            limits,
            penalties,
            security_log,
            looks,
            streams,
            probe,
            draining,
            care,
            front,
            routes,
        } = self.clone();
        app.app_data(state).app_data(auth).app_data(settings).app_data(limits).app_data(penalties);
        app.app_data(security_log).app_data(looks).app_data(streams).app_data(probe).app_data(draining);
        app.app_data(care).app_data(front).app_data(routes);
    }
}
